package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Build makes the programs that a campaign runs.
func Build(ctx context.Context, module, bin string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin+string(filepath.Separator), "./cmd/enqueue", "./cmd/worker", "./cmd/sandbox")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// process is a program at work. Its output is in a file of the run's folder.
type process struct {
	cmd  *exec.Cmd
	exit chan struct{}
}

// spawn starts one of our programs.
func (r *run) spawn(name string, args ...string) (*process, error) {
	log, err := os.CreateTemp(r.Dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(r.Bin, name), args...)
	cmd.Env = environment()
	return begin(cmd, log)
}

// environment is that of our programs: this process' own, without what would configure them otherwise than the run does.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "STORELINK_") || strings.HasPrefix(v, "REDIS_URL=")
	})
}

func begin(cmd *exec.Cmd, log *os.File) (*process, error) {
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, exit: make(chan struct{})}
	go func() { // ends with the process, which kill waits for
		_ = cmd.Wait()
		close(p.exit)
	}()
	return p, nil
}

func (p *process) gone() bool {
	select {
	case <-p.exit:
		return true
	default:
		return false
	}
}

// kill ends it at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.exit
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) } // the same

// enqueue runs the operator's command and reads its JSON; exit status 3 is an answer like 0.
func (r *run) enqueue(into any, args ...string) error {
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(r.Bin, "enqueue"), args...)
	cmd.Env = environment()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 3) {
		return fmt.Errorf("enqueue %s: %w: %s%s", strings.Join(args, " "), err, out.Bytes(), errs.Bytes())
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return fmt.Errorf("enqueue %s: %w: %s", strings.Join(args, " "), err, out.Bytes())
	}
	return nil
}

// get asks the sandbox.
func (r *run) get(path string, read func(io.Reader) error) error {
	return r.ask(http.MethodGet, path, nil, read)
}

func (r *run) ask(method, path string, body io.Reader, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(r.ctx, method, r.url+path, body)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, text)
	}
	if read == nil {
		return nil
	}
	return read(res.Body)
}

// redisServer is a redis-server that forgets nothing unless it is made to.
type redisServer struct {
	*process
	ctx       context.Context
	dir, addr string
}

func startRedis(ctx context.Context, dir string) (*redisServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &redisServer{ctx: ctx, dir: dir, addr: l.Addr().String()}
	_ = l.Close() // it was only asked for a port
	return s, s.start()
}

func (s *redisServer) start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "redis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	s.process, err = begin(exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", s.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes"), log)
	if err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); ; {
		if answer, err := s.do("PING\r\n"); err == nil && strings.HasPrefix(answer, "+PONG") {
			return nil
		}
		switch {
		case s.gone():
			return errors.New("redis-server has exited: see redis.log")
		case time.Now().After(end):
			return errors.New("redis-server does not answer")
		case s.ctx.Err() != nil:
			return s.ctx.Err()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// do sends a command as it stands on the wire and gives the first of the answer.
func (s *redisServer) do(command string) (string, error) {
	c, err := net.DialTimeout("tcp", s.addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, command); err != nil {
		return "", err
	}
	b := make([]byte, 512)
	n, err := c.Read(b)
	return string(b[:n]), err
}

// truncate cuts the end off the append-only file, as a disk that lied does. The server must be dead.
func (s *redisServer) truncate(bytes int64) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no append-only file: %v", err)
	}
	info, err := os.Stat(files[len(files)-1])
	if err != nil {
		return err
	}
	return os.Truncate(files[len(files)-1], max(0, info.Size()-bytes))
}
