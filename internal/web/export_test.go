package web

// FillSearches takes all turns of strangers to search, as if as many were under way.
func (p *Dashboard) FillSearches() (free func()) {
	for range cap(p.searches[0].room) {
		p.searches[0].room <- struct{}{}
	}
	return func() {
		for range cap(p.searches[0].room) {
			<-p.searches[0].room
		}
	}
}
