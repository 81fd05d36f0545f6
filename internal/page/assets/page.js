// What moves on a page is asked for again every two seconds, as a page, and its parts that have changed are put in place.
"use strict";
(() => {
  const every = 2000, longest = 30000;
  const lost = document.getElementById("lost");
  let wait = every, timer = 0;

  // Sweden writes dates as everybody can read them: 2026-11-24 10:30:00.
  const clock = new Intl.DateTimeFormat("sv-SE", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  // localize shows the times of a part in the zone of whoever looks; what the server wrote stays as the title.
  const localize = (part) => {
    for (const e of part.querySelectorAll("time[datetime]")) {
      const at = new Date(e.getAttribute("datetime"));
      if (isNaN(at)) continue;
      e.title = e.textContent;
      e.textContent = clock.format(at);
    }
  };

  // busy says that somebody is at a part: what is under their hand must not change.
  const busy = (part) => part.contains(document.activeElement) && document.activeElement !== document.body ||
    part.querySelector("details[open]") !== null;

  const written = new Map(); // what the server wrote of each part
  const parts = (doc) => doc.querySelectorAll("[data-live][id]");
  for (const part of parts(document)) written.set(part.id, part.innerHTML);

  const renew = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of parts(doc)) {
      const part = document.getElementById(fresh.id);
      if (!part || busy(part) || written.get(fresh.id) === fresh.innerHTML) continue;
      written.set(fresh.id, fresh.innerHTML);
      part.replaceChildren(...document.importNode(fresh, true).childNodes);
      localize(part);
    }
    if ("settled" in doc.body.dataset) document.body.dataset.settled = "";
  };

  const next = () => {
    clearTimeout(timer);
    if ("settled" in document.body.dataset || document.hidden || written.size === 0) return;
    timer = setTimeout(async () => {
      try {
        await renew();
        lost.hidden = true;
        wait = every;
      } catch {
        lost.hidden = false;
        wait = Math.min(wait * 2, longest);
      }
      next();
    }, wait);
  };

  document.addEventListener("visibilitychange", () => { wait = document.hidden ? wait : 200; next(); });
  // A reload must not tell again of what was done once.
  const here = new URL(location.href);
  if (here.searchParams.has("done") || here.searchParams.has("lang")) {
    here.searchParams.delete("done");
    here.searchParams.delete("lang");
    history.replaceState(null, "", here);
  }
  // Twice the same click is once.
  document.addEventListener("submit", (e) => setTimeout(() => { if (e.submitter) e.submitter.disabled = true; }));
  localize(document.body);
  next();
})();
