package job

import "slices"

// laneRank orders the states of an account's lanes in several workers, the one that says most of the account first: one
// worker that serves it is enough, and one that cannot is told of only where none can.
var laneRank = []string{LaneServing, LaneThrottled, LaneIdle, LaneOutage, LaneRefused, LaneConflict, LaneUnserved}

// LaneBefore reports whether lane state a says more of an account than b does.
func LaneBefore(a, b string) bool {
	rank := func(state string) int {
		if at := slices.Index(laneRank, state); at >= 0 {
			return at
		}
		return len(laneRank)
	}
	return rank(a) < rank(b)
}

// Lane is an account's lane over all of its workers: the one that says most of it, or that nobody serves it.
func (i AccountInfo) Lane() LaneState {
	best := LaneState{State: LaneUnserved}
	for _, w := range i.Workers {
		if LaneBefore(w.State, best.State) {
			best = LaneState{State: w.State, Reason: w.Reason}
		}
	}
	return best
}
