// Package chunker cuts a list of store IDs into chunks of a size that WeChat Pay accepts, and packs a chunk into few
// bytes. It must never change, reorder or drop an ID.
package chunker

import "github.com/storelink/storelink/internal/job"

// Size gives the chunk size that an operator asked for: 0 is job.MaxStoresPerCall, the most that WeChat Pay accepts in
// one call (partner/4015781302); more is refused, with a *job.Error of job.CodeUsage.
func Size(asked int) (int, error) {
	switch {
	case asked == 0:
		return job.MaxStoresPerCall, nil
	case asked < 0 || asked > job.MaxStoresPerCall:
		return 0, job.Fail(job.CodeUsage, "list.chunk_size", "value", asked, "most", job.MaxStoresPerCall)
	}
	return asked, nil
}

// Chunker gathers IDs into chunks, in the order in which they come.
type Chunker struct {
	size int
	ids  []string
}

// New gives a chunker; size is what Size gave.
func New(size int) *Chunker { return &Chunker{size: size, ids: make([]string, 0, size)} }

// Add takes an ID and gives the chunk that it fills, or nil. The chunk is valid until the next Add.
func (c *Chunker) Add(id string) []string {
	if len(c.ids) == c.size {
		c.ids = c.ids[:0]
	}
	c.ids = append(c.ids, id)
	if len(c.ids) == c.size {
		return c.ids
	}
	return nil
}

// Rest gives the last chunk, which is not full, or nil.
func (c *Chunker) Rest() []string {
	if len(c.ids) == c.size || len(c.ids) == 0 {
		return nil
	}
	return c.ids
}
