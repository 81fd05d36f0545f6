package ratelimit

import "container/heap"

// waiter is one call that waits for a slot.
type waiter struct {
	urgency int
	arrived uint64
	place   int // in the heap; -1 once it has left
	slot    chan moment
}

// waiters orders them by urgency, then by arrival. Its zero value is empty.
type waiters struct {
	queue   waiterHeap
	arrived uint64
}

func (w *waiters) empty() bool { return len(w.queue) == 0 }

func (w *waiters) push(x *waiter) {
	w.arrived++
	x.arrived = w.arrived
	heap.Push(&w.queue, x)
}

// pop takes the most urgent out; nil where nobody waits.
func (w *waiters) pop() *waiter {
	if w.empty() {
		return nil
	}
	return heap.Pop(&w.queue).(*waiter)
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
