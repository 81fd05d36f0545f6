package storelist

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/storelink/storelink/internal/job"
)

// archive is the error of text that turned out to be a zip archive, as every .xlsx is: who knows what to do with one
// goes on with in, and for all others it is a list that cannot be read.
type archive struct {
	in   *bufio.Reader
	name string
}

func (a *archive) Error() string { return a.Unwrap().Error() }

func (a *archive) Unwrap() error {
	return listError(a.name, 0, "list.archive")
}

// maxCompound is how much of a compound file is searched for what it is.
const maxCompound = 256 << 20

// compoundFile says what an OLE compound file is: a spreadsheet under a password, which is put into one whole, or one of
// before 2007. The names of its streams stand in its directory, which may be anywhere in it, in UTF-16.
func compoundFile(in io.Reader, name string) error {
	encrypted := utf16Name("EncryptedPackage")
	window := make([]byte, 0, 64<<10)
	in = io.LimitReader(in, maxCompound)
	for {
		n, err := in.Read(window[len(window):cap(window)])
		window = window[:len(window)+n]
		if bytes.Contains(window, encrypted) {
			return listError(name, 0, "list.password")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if e := (*job.Error)(nil); errors.As(err, &e) {
				return e
			}
			return readError(name, err)
		}
		if keep := len(encrypted) - 1; len(window) > keep {
			window = window[:copy(window, window[len(window)-keep:])]
		}
	}
	return listError(name, 0, "list.old_xls")
}

func utf16Name(s string) []byte {
	var out []byte
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}
