package ratelimit

import "container/heap"

// waiter is one call that waits for a slot.
type waiter struct {
	urgency int
	arrived uint64
	place   int // in the heap; -1 once it has left
	slot    chan *Permit
}

// waiters orders them by urgency, then by arrival. Its zero value is empty.
type waiters struct {
	queue   waiterHeap
	arrived uint64
	popped  uint64
}

// fair is how many slots go by urgency for one that goes to whoever has waited longest: so the least urgent move, however
// many that are more urgent keep coming.
const fair = 8

func (w *waiters) empty() bool { return len(w.queue) == 0 }

func (w *waiters) push(x *waiter) {
	w.arrived++
	x.arrived = w.arrived
	heap.Push(&w.queue, x)
}

// back takes in again one that was popped and could not use its slot: it keeps its place.
func (w *waiters) back(x *waiter) { heap.Push(&w.queue, x) }

func (w *waiters) len() int { return len(w.queue) }

// pop takes the most urgent out, and now and then the one that has waited longest; nil where nobody waits.
func (w *waiters) pop() *waiter {
	if w.empty() {
		return nil
	}
	if w.popped++; w.popped%fair != 0 {
		return heap.Pop(&w.queue).(*waiter)
	}
	oldest := w.queue[0]
	for _, x := range w.queue {
		if x.arrived < oldest.arrived {
			oldest = x
		}
	}
	heap.Remove(&w.queue, oldest.place)
	return oldest
}

func (w *waiters) remove(x *waiter) {
	if x.place >= 0 {
		heap.Remove(&w.queue, x.place)
	}
}

type waiterHeap []*waiter

func (h waiterHeap) Len() int { return len(h) }
func (h waiterHeap) Less(i, j int) bool {
	if h[i].urgency != h[j].urgency {
		return h[i].urgency < h[j].urgency
	}
	return h[i].arrived < h[j].arrived
}
func (h waiterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}
func (h *waiterHeap) Push(x any) {
	w := x.(*waiter)
	w.place = len(*h)
	*h = append(*h, w)
}
func (h *waiterHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.place = -1
	return w
}
