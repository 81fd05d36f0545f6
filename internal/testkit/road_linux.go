package testkit

import (
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Road is a way to a TCP server on this machine that takes time below TCP, packet by packet, so that the kernel knows of
// it: its round trips, their variance and what it has to send again are those of a network (tcp(7), TCP_INFO). It needs
// root and a network namespace of its own (RoadNamespace). All of its methods may be called at any time.
type Road struct {
	Server string // what the server listens on: host:port
	Addr   string // where clients find it: host:port

	tun  *os.File
	sent chan packet
	wg   sync.WaitGroup

	mu    sync.Mutex
	way   Way
	flows map[flow]*flight
	rng   *rand.Rand
}

// Way is what a Road is like.
type Way struct {
	RTT    time.Duration // one half each way
	Jitter time.Duration // drawn evenly from 0 to itself for what is sent together on the way to the server, and added
	Loss   float64       // share of the packets that get lost, 0 to 1, in either direction
}

// roadPort is the server's port on every road, which has addresses of its own.
const roadPort = 8080

// RoadNamespace makes the network namespace that this process is in one where roads can be: loopback addresses that lie
// on a road are routed there. It must not be the machine's own.
func RoadNamespace() error {
	return commands([][]string{
		{"ip", "link", "set", "lo", "up"},
		{"sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.default.route_localnet=1",
			"net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"},
		{"ip", "rule", "add", "pref", "50", "lookup", "50"}, // before the table that has all of 127.0.0.0/8 on lo
		{"ip", "rule", "add", "pref", "100", "lookup", "local"},
		{"ip", "rule", "del", "pref", "0"},
	})
}

func commands(all [][]string) error {
	for _, argv := range all {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w: %s", argv, err, out)
		}
	}
	return nil
}

// NewRoad makes the nth road of this namespace, n from 1 to 254; its way takes no time until Set.
func NewRoad(n int) (*Road, error) {
	name, here, there := fmt.Sprintf("road%d", n), fmt.Sprintf("127.200.%d.1", n), fmt.Sprintf("127.200.%d.2", n)
	tun, err := openTUN(name)
	if err != nil {
		return nil, fmt.Errorf("a road's device: %w", err)
	}
	err = commands([][]string{
		{"ip", "addr", "add", here + "/32", "dev", name},
		{"ip", "link", "set", name, "up"},
		{"ip", "route", "add", there + "/32", "dev", name, "src", here, "table", "50"},
	})
	if err != nil {
		return nil, errors.Join(err, tun.Close())
	}
	r := &Road{Server: fmt.Sprintf("%s:%d", here, roadPort), Addr: fmt.Sprintf("%s:%d", there, roadPort), tun: tun,
		sent: make(chan packet, 1024), flows: make(map[flow]*flight), rng: rand.New(rand.NewPCG(1, uint64(n)))}
	r.wg.Go(r.take)
	r.wg.Go(r.deliver)
	return r, nil
}

// openTUN makes a device that hands packets to us.
func openTUN(name string) (*os.File, error) {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	var request struct { // struct ifreq of netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:len(request.name)-1], name)
	request.flags = syscall.IFF_TUN | syscall.IFF_NO_PI
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return nil, errors.Join(fmt.Errorf("TUNSETIFF: %w", errno), syscall.Close(fd))
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// Set changes what the way is like for what is sent from now on.
func (r *Road) Set(w Way) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.way = w
}

// Close takes the road away; what is on it is lost.
func (r *Road) Close() error {
	err := r.tun.Close()
	r.wg.Wait()
	return err
}

// packet is one on its way.
type packet struct {
	data []byte
	due  time.Time
	nth  int
}

// flow is one direction of a connection.
type flow struct {
	client   uint16 // its port
	toServer bool
}

// flight is what is sent together: it has one jitter.
type flight struct {
	last   time.Time // when its last packet set out
	jitter time.Duration
	due    time.Time // of its last packet
}

// flightGap is the least time between two flights of a flow.
const flightGap = 5 * time.Millisecond

// take takes packets in. A road has one end: what is sent to the other comes back as if from there, the addresses
// exchanged, which leaves checksums as they are.
func (r *Road) take() {
	defer close(r.sent)
	buffer := make([]byte, 64<<10)
	for nth := 0; ; nth++ {
		n, err := r.tun.Read(buffer)
		if err != nil {
			return // closed
		}
		p := packet{data: append([]byte(nil), buffer[:n]...), nth: nth}
		header := 4 * int(p.data[0]&0x0f)
		if p.data[0]>>4 != 4 || n < header+4 || p.data[9] != syscall.IPPROTO_TCP {
			continue
		}
		for i := range 4 {
			p.data[12+i], p.data[16+i] = p.data[16+i], p.data[12+i]
		}
		from, to := binary.BigEndian.Uint16(p.data[header:]), binary.BigEndian.Uint16(p.data[header+2:])
		f := flow{client: from, toServer: true}
		if from == roadPort {
			f = flow{client: to}
		}
		var lost bool
		if p.due, lost = r.due(f); !lost {
			r.sent <- p
		}
	}
}

// due is when a packet that sets out now arrives: not before those of its flow that set out earlier.
func (r *Road) due(f flow) (at time.Time, lost bool) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	fl := r.flows[f]
	if fl == nil {
		fl = new(flight)
		r.flows[f] = fl
	}
	if now.Sub(fl.last) > flightGap {
		fl.jitter = 0
		if f.toServer {
			fl.jitter = time.Duration(r.rng.Float64() * float64(r.way.Jitter))
		}
	}
	fl.last = now
	if at = now.Add(r.way.RTT/2 + fl.jitter); at.Before(fl.due) {
		at = fl.due
	}
	fl.due = at
	return at, r.rng.Float64() < r.way.Loss
}

// deliver hands packets over when they are due.
func (r *Road) deliver() {
	var waiting packets
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if len(waiting) > 0 {
			timer.Reset(time.Until(waiting[0].due))
		}
		select {
		case p, open := <-r.sent:
			if !open {
				return
			}
			heap.Push(&waiting, p)
		case <-timer.C:
			for len(waiting) > 0 && !waiting[0].due.After(time.Now()) {
				p := heap.Pop(&waiting).(packet)
				_, _ = r.tun.Write(p.data) // one that does not arrive is lost, as on any way
			}
		}
	}
}

// packets are a heap: the next that is due is the first.
type packets []packet

func (p packets) Len() int { return len(p) }
func (p packets) Less(i, j int) bool {
	if p[i].due.Equal(p[j].due) {
		return p[i].nth < p[j].nth
	}
	return p[i].due.Before(p[j].due)
}
func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *packets) Push(x any)   { *p = append(*p, x.(packet)) }
func (p *packets) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
