package docs_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPicturesAreWellFormedAndSaidInWords(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "docs/*.svg") {
		d, words := xml.NewDecoder(strings.NewReader(read(t, path))), map[string]string{}
		var in string
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if in = token.Name.Local; in == "script" || in == "foreignObject" || in == "image" {
					t.Errorf("%s: GitHub shows no <%s>", path, in)
				}
			case xml.CharData:
				words[in] += strings.TrimSpace(string(token))
			}
		}
		if len(words["title"]) < 10 || len(words["desc"]) < 100 {
			t.Errorf("%s: who cannot see it is told too little: %q, %q", path, words["title"], words["desc"])
		}
	}
}
