// What moves on a page is asked for again every two seconds, as a page, and what has changed in its live parts is put in
// place: whoever reads, selects, tabs through it or has something unfolded is not disturbed.
"use strict";
(() => {
  const every = 2000, longest = 30000;
  const lost = document.getElementById("lost");
  let wait = every, timer = 0, asking = false, latest = new Date();

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

  const key = (node) => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || "" : "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
  // What the person has done to an element stays: unfolded it, or sent its form.
  const theirs = (e, name) => name === "open" && e.nodeName === "DETAILS" || name === "disabled" && e.nodeName === "BUTTON";

  // bring makes a node what a fresh one is, with as little as can be: elements with the same key stay the same elements.
  const bring = (node, fresh) => {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.data !== fresh.data) node.data = fresh.data;
      return;
    }
    for (const { name, value } of fresh.attributes) {
      if (!theirs(node, name) && node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    for (const { name } of [...node.attributes]) {
      if (!theirs(node, name) && !fresh.hasAttribute(name)) node.removeAttribute(name);
    }
    const keys = new Set([...fresh.children].map(key).filter(Boolean));
    const kept = new Map();
    for (const child of [...node.children]) {
      const k = key(child);
      if (k && keys.has(k)) kept.set(k, child);
      else if (k) child.remove();
    }
    let at = node.firstChild;
    for (const child of [...fresh.childNodes]) {
      const old = key(child) ? kept.get(key(child)) : at;
      if (!old || !alike(old, child)) {
        node.insertBefore(child, at);
        continue;
      }
      while (at && at !== old && !key(at)) { // what stood before it is gone
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      if (at === old) at = at.nextSibling;
      else node.insertBefore(old, at);
      bring(old, child);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };

  const parts = (doc) => doc.querySelectorAll("[data-live][id]");
  const renew = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store" });
    // A session or a job that has come to its end is told by the page itself.
    if (answer.status === 404 || answer.redirected && new URL(answer.url).pathname === "/login") return location.reload();
    if (answer.status === 503) throw "redis";
    if (!answer.ok) throw "worker";
    const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of parts(doc)) {
      const part = document.getElementById(fresh.id);
      if (!part) continue;
      localize(fresh);
      bring(part, document.importNode(fresh, true));
    }
    if ("settled" in doc.body.dataset) document.body.dataset.settled = "";
  };

  const next = () => {
    clearTimeout(timer);
    if (asking || "settled" in document.body.dataset || document.hidden || parts(document).length === 0) return;
    timer = setTimeout(async () => {
      const began = performance.now();
      asking = true;
      try {
        await renew();
        latest = new Date();
        lost.hidden = true;
        wait = Math.max(every, 10 * (performance.now() - began)); // what takes long is not asked for often
      } catch (why) {
        lost.textContent = (why === "redis" ? lost.dataset.redis : lost.dataset.worker).replace("{}", clock.format(latest));
        lost.hidden = false;
        wait = Math.min(wait * 2, longest);
      }
      asking = false;
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
  // Twice the same click is once; whoever comes back to the page may click again.
  document.addEventListener("submit", (e) => setTimeout(() => { if (e.submitter) e.submitter.disabled = true; }));
  addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
    wait = 200;
    next();
  });
  localize(document.body);
  next();
})();
