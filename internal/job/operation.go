package job

import "slices"

// Operation is what a job does to its target with every store of its list.
type Operation string

// The operations.
const (
	Associate    Operation = "associate"
	Disassociate Operation = "disassociate"
	List         Operation = "list"   // a part of a resync
	Resync       Operation = "resync" // associate what is missing of the list, and perhaps disassociate what is not on it
)

// writes are the operations of one call each. A new one begins here (docs/adding-an-operation.md).
var writes = []Operation{Associate, Disassociate}

// Writes lists the operations that are one call for each chunk: those that name up to MaxStoresPerCall stores, and get an
// outcome for each. List asks, and Resync is made of the others.
func Writes() []Operation { return slices.Clone(writes) }

// Interface names what WeChat Pay counts calls by, for one identity (partner/4015781302): each operation on a stock or
// on a bundle is an interface of its own.
func Interface(op Operation, t Target) string {
	if t.StockBundleID != "" {
		return string(op) + "-bundle"
	}
	return string(op) + "-stock"
}

// Interfaces are those that jobs use.
func Interfaces() (names []string) {
	for _, op := range writes {
		names = append(names, Interface(op, Target{StockID: "1"}), Interface(op, Target{StockBundleID: "1"}))
	}
	return append(names, Interface(List, Target{StockID: "1"}))
}
