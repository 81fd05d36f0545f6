package job

// Reading is how a list was read, for a person to see that it is what was meant. It is kept with the job as JSON: a field that is
// not known is passed over, and one that is missing is empty.
type Reading struct {
	Format     string     `json:"format"`      // "CSV", "TSV", "text", "JSON lines" or "xlsx"
	Encoding   string     `json:"encoding"`    // of text: "UTF-8", "UTF-16LE", "UTF-16BE" or "GB18030"; "" of a workbook
	Sheet      string     `json:"sheet"`       // "" where it is no workbook
	HeaderLine int        `json:"header_line"` // a workbook's row; 0 where there is no header
	Column     ReadColumn `json:"column"`      // of the IDs
	IDs        string     `json:"ids"`         // "wechat" or "own": WeChat Pay's, or the merchant's own numbers
	Rows       int64      `json:"rows"`        // with something in them, without the header
	Repeats    int64      `json:"repeats"`     // those of them whose ID came before
	First      []string   `json:"first"`       // IDs: up to three
	Last       string     `json:"last"`        // ID
}

// ReadColumn is a list's column.
type ReadColumn struct {
	Number int    `json:"number"` // from 1
	Name   string `json:"name"`   // in the header, or a JSON object's key; "" where there is none
}
