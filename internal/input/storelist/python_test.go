package storelist_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// requirePython is the environment variable that makes a machine without Python's libraries a failure, as CI sets it.
const requirePython = "STORELINK_REQUIRE_PYTHON"

// python is a process of testdata/readers.py. It is asked by one goroutine at a time.
type python struct {
	*testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// interpreter finds a Python that has the libraries: Debian's may stand behind another.
var interpreter = sync.OnceValue(func() string {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import openpyxl, xlsxwriter").Run() == nil {
			return name
		}
	}
	return ""
})

func startPython(t *testing.T) *python {
	t.Helper()
	name := interpreter()
	switch {
	case name == "" && os.Getenv(requirePython) != "":
		t.Fatal("there is no python3 with openpyxl and xlsxwriter")
	case name == "":
		t.Skip("there is no python3 with openpyxl and xlsxwriter")
	}
	cmd := exec.CommandContext(t.Context(), name, "testdata/readers.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		if err := cmd.Wait(); err != nil && !t.Failed() && t.Context().Err() == nil {
			t.Errorf("python3: %v", err)
		}
	})
	return &python{t, in, bufio.NewReaderSize(out, 1<<20)}
}

// do has it do a task, and gives the rows that it answers.
func (p *python) do(task map[string]any) (rows [][]any) {
	p.Helper()
	text, err := json.Marshal(task)
	if err == nil {
		_, err = p.in.Write(append(text, '\n'))
	}
	var answer []byte
	if err == nil {
		answer, err = p.out.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(answer, &rows)
	}
	if err != nil {
		p.Fatalf("python3 was to %s: %v", text, err)
	}
	return rows
}
