package main

import (
	"encoding/json"
	"sync"
	"sync/atomic"
)

// What a registry is made of. Locks are taken in this order: that of one partition, then that of one endpoint or of one incarnation. Nobody
// waits for a partition while holding another.

type namespace int

const (
	servers namespace = iota
	transports
)

func (n namespace) String() string {
	return [...]string{"server", "transport"}[n]
}

type name struct {
	namespace namespace
	id        string
}

// Work that nobody waits for, but settle.
var underWay sync.WaitGroup

// later is called by the reader of requests, or from within what has been begun by later: settle, which waits until nothing is under way,
// misses nothing.
func later(work func()) {
	underWay.Add(1)
	go func() {
		defer underWay.Done()
		work()
	}()
}

// ---------------------------------------------------------------------------------------------------------------------- endpoints

type delivery struct {
	to      name
	from    string
	message json.RawMessage
}

type endpoint struct {
	handle string
	send   func(delivery) error

	mu     sync.Mutex
	isDown bool
	held   map[name]*incarnation
}

func newEndpoint(handle string, send func(delivery) error) *endpoint {
	return &endpoint{handle: handle, send: send, held: map[name]*incarnation{}}
}

// hold notes that a name goes when the endpoint does, unless it has gone. That is one step, so that no name slips in after the last look.
func (e *endpoint) hold(i *incarnation) bool {
	if planted == heldRace {
		held, isDown := e.names()
		held[i.name] = i
		return !isDown && e.setNames(held)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isDown && planted != registerLateWatch {
		return false
	}
	e.held[i.name] = i
	return true
}

func (e *endpoint) names() (map[name]*incarnation, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	held := make(map[name]*incarnation, len(e.held)+1)
	for n, i := range e.held {
		held[n] = i
	}
	return held, e.isDown
}

func (e *endpoint) setNames(held map[name]*incarnation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isDown {
		return false
	}
	e.held = held
	return true
}

// forget is called under the lock of the name's partition: nobody registers the name for the same endpoint meanwhile.
func (e *endpoint) forget(n name) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.held, n)
}

// goDown gives what the endpoint held: from now on it will hold nothing.
func (e *endpoint) goDown() map[name]*incarnation {
	e.mu.Lock()
	defer e.mu.Unlock()
	held := e.held
	e.isDown, e.held = true, map[name]*incarnation{}
	return held
}

func (e *endpoint) hasGoneDown() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.isDown
}

// ------------------------------------------------------------------------------------------------------- incarnations and bindings

// incarnation is the life of a name from a registration to its end. Bindings are of incarnations.
type incarnation struct {
	name
	endpoint *endpoint

	// Of a transport, under the lock of its partition. The server may have ended.
	binding *binding

	// Of a server. What is bound to it ends at the moment at which isGone is set, which is under both its partition's lock and its own: it
	// may be read without either.
	isGone   atomic.Bool
	mu       sync.Mutex
	bound    []*binding
	snapshot []*binding
}

type binding struct {
	transport, server *incarnation

	// Where it is among those of the server, under the server's lock.
	place int
}

// join binds a transport, unless the server has ended. The caller holds the lock of the transport's partition.
func (i *incarnation) join(transport *incarnation) *binding {
	fresh := &binding{transport: transport, server: i}
	if planted == lostBindingIndex {
		bound := append(i.members(), fresh)
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.isGone.Load() {
			return nil
		}
		fresh.place = len(bound) - 1
		i.bound = bound
		return fresh
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isGone.Load() && planted != bindStale {
		return nil
	}
	fresh.place = len(i.bound)
	i.bound = append(i.bound, fresh)
	i.snapshot = nil
	return fresh
}

// leave takes a binding from those of the server, if it is there: not once the server has ended.
func (i *incarnation) leave(old *binding) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if old.place >= len(i.bound) || i.bound[old.place] != old {
		return
	}
	last := i.bound[len(i.bound)-1]
	i.bound[old.place], last.place = last, old.place
	i.bound[len(i.bound)-1] = nil
	i.bound = i.bound[:len(i.bound)-1]
	if planted == broadcastSnapshotLate {
		later(func() {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.snapshot = nil
		})
	}
}

// members are all that are bound at one moment.
func (i *incarnation) members() []*binding {
	i.mu.Lock()
	defer i.mu.Unlock()
	if planted != broadcastSnapshotLate {
		return append([]*binding{}, i.bound...)
	}
	if i.snapshot == nil {
		i.snapshot = append([]*binding{}, i.bound...)
	}
	return i.snapshot
}

// member is the one at a place, or nil.
func (i *incarnation) member(place int) *binding {
	i.mu.Lock()
	defer i.mu.Unlock()
	if place >= len(i.bound) {
		return nil
	}
	return i.bound[place]
}

// end ends all bindings of an incarnation, and gives those of which the transports have still to be told. The caller holds the lock of its
// partition.
func (i *incarnation) end() []*binding {
	if i.binding != nil {
		i.binding.server.leave(i.binding)
		i.binding = nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.isGone.Store(true)
	bound := i.bound
	i.bound, i.snapshot = nil, nil
	return bound
}

// ---------------------------------------------------------------------------------------------------------------------- partitions

// registration is what is found under a name: an update makes another of the same incarnation.
type registration struct {
	*incarnation
	config json.RawMessage

	// Where it is in the index for lists, under the lock of the partition.
	at int
}

const unlisted = -1

type partition struct {
	// Whoever writes a name holds it, and whoever reads one, read-locked.
	mu sync.RWMutex

	// By id. It may be read without the lock, by who holds that of another partition: a transport is bound under the lock of its own
	// partition only. An incarnation found that way may end at any time, and says so itself (join).
	names [2]sync.Map

	// The same for lists.
	listed [2][]*registration

	// Only read where the fault closeByPartition has been planted.
	isClosed bool

	// Only there where the fault readYourWrite has been planted: what lookups see.
	copies [2]sync.Map
}

func (p *partition) find(n name) *registration {
	found, _ := p.names[n.namespace].Load(n.id)
	current, _ := found.(*registration)
	return current
}

// put makes a registration the current one of its name. The caller holds the lock.
func (p *partition) put(current *registration) {
	before := p.find(current.name)
	p.names[current.namespace].Store(current.id, current)
	p.follow(current.name, func() { p.enlist(before, current) })
}

// remove takes out the current registration of a name. The caller holds the lock.
func (p *partition) remove(current *registration) {
	p.names[current.namespace].Delete(current.id)
	p.follow(current.name, func() { p.delist(current) })
}

// follow brings up to date what has to be after a change of one name: the index for lists.
func (p *partition) follow(changed name, index func()) {
	if planted == readYourWrite {
		later(func() { p.refresh(changed) })
	}
	if planted == listIndexLate {
		later(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			index()
		})
		return
	}
	index()
}

// enlist puts a registration in the place of the one before, or at the end.
func (p *partition) enlist(before, current *registration) {
	listed := p.listed[current.namespace]
	if before != nil && before.at != unlisted {
		current.at, before.at = before.at, unlisted
		listed[current.at] = current
		return
	}
	current.at = len(listed)
	p.listed[current.namespace] = append(listed, current)
}

// delist puts the last in the place of one that goes: in no time, however many there are.
func (p *partition) delist(gone *registration) {
	if gone.at == unlisted {
		return
	}
	listed := p.listed[gone.namespace]
	last := listed[len(listed)-1]
	listed[gone.at], last.at = last, gone.at
	listed[len(listed)-1] = nil
	p.listed[gone.namespace] = listed[:len(listed)-1]
	gone.at = unlisted
}

// refresh brings the copy of one name up to date.
func (p *partition) refresh(n name) {
	if current := p.find(n); current != nil {
		p.copies[n.namespace].Store(n.id, current)
	} else {
		p.copies[n.namespace].Delete(n.id)
	}
}

func (p *partition) findCopy(n name) *registration {
	found, _ := p.copies[n.namespace].Load(n.id)
	copied, _ := found.(*registration)
	return copied
}
