package report

import (
	"io"

	"github.com/xuri/excelize/v2"

	"github.com/storelink/storelink/internal/job"
)

// Difference writes what a resync would do as a workbook: a store a row, and what is to be done with it. It can be read as
// a list.
type Difference struct {
	out    io.Writer
	stores sheets
	cells  [2]Cell
}

// NewDifference writes a workbook to out, which stays the caller's to close, once Flush is called. Close must follow in any
// case.
func NewDifference(out io.Writer) (*Difference, error) {
	file := excelize.NewFile()
	d := &Difference{out: out, stores: sheets{file: file, title: "Difference", rows: SheetRows,
		columns: []column{{"store_id", 20}, {"operation", 20}}}}
	var err error
	if d.stores.head, err = file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err == nil {
		err = d.stores.next() // one without rows still has its header
	}
	if err == nil {
		err = file.DeleteSheet("Sheet1")
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Write adds a store.
func (d *Difference) Write(id string, op job.Operation) error {
	d.cells[0].Text, d.cells[1].Text = id, string(op)
	return d.stores.add(0, d.cells[:])
}

// Flush writes the workbook.
func (d *Difference) Flush() error {
	if err := d.stores.end(); err != nil {
		return err
	}
	return d.stores.write(d.out)
}

// Close gives the temporary files back. It can be called after Flush, and twice.
func (d *Difference) Close() { d.stores.close() }
