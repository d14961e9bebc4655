package main

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"sync"
	"sync/atomic"
)

// refused is why an operation is refused: one of the specified codes.
type refused string

func (code refused) Error() string { return string(code) }

const (
	invalidArgument   = refused("invalid_argument")
	alreadyRegistered = refused("already_registered")
	endpointDown      = refused("endpoint_down")
	serverNotFound    = refused("server_not_found")
	transportNotFound = refused("transport_not_found")
	registryClosed    = refused("registry_closed")
)

// registry holds names in partitions. Its methods are given valid ids, and may all be called at once.
type registry struct {
	partitions []partition

	// Nothing is found and nothing written from the moment at which isClosed is set; isDrained says that nothing is kept any more.
	isClosed, isDrained atomic.Bool

	// Only there where the fault routeAfterUnregister has been planted: registrations by name.
	routes sync.Map
}

func newRegistry(partitions int) *registry {
	return &registry{partitions: make([]partition, partitions)}
}

func (r *registry) partition(id string) *partition {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, id)
	sum := hash.Sum64()
	sum ^= sum >> 32
	return &r.partitions[sum%uint64(len(r.partitions))]
}

// closedFor is asked under the lock of the partition, reading or writing.
func (r *registry) closedFor(p *partition) bool {
	if planted == closeByPartition {
		return p.isClosed
	}
	return r.isClosed.Load()
}

// refusal is why nothing can be written in a partition.
func (r *registry) refusal(p *partition) error {
	if !r.closedFor(p) {
		return nil
	}
	if planted == closeUncoded && !r.isDrained.Load() {
		return errors.New("the registry is being closed")
	}
	return registryClosed
}

// -------------------------------------------------------------------------------------------------------------------------- names

// register binds a transport as well, to the server of that id, if there is one.
func (r *registry) register(n name, e *endpoint, config json.RawMessage, serverID string) error {
	if planted == registerThenBind && serverID != "" {
		if err := r.register(n, e, config, ""); err != nil {
			return err
		}
		_ = r.bind(n.id, serverID) // If there is no such server, it stays unbound.
		return nil
	}
	if planted == registerLateWatch && e.hasGoneDown() {
		return endpointDown
	}
	p := r.partition(n.id)
	if planted == registerCheckThenAct {
		p.mu.RLock()
		isTaken := p.find(n) != nil
		p.mu.RUnlock()
		if isTaken {
			return alreadyRegistered
		}
	}
	fresh := &registration{incarnation: &incarnation{name: n, endpoint: e}, config: config, at: unlisted}

	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.refusal(p); err != nil {
		return err
	}
	if planted != registerCheckThenAct && p.find(n) != nil {
		return alreadyRegistered
	}
	// If the endpoint goes down from here on, its names are taken out, this one when the lock has been given back.
	if !e.hold(fresh.incarnation) {
		return endpointDown
	}
	// One step with the registration: nobody reads the transport before the lock has been given back.
	if server := r.server(serverID); server != nil {
		fresh.binding = server.join(fresh.incarnation)
	}
	p.put(fresh)
	return nil
}

func (r *registry) update(n name, config json.RawMessage) error {
	p := r.partition(n.id)
	var found *registration
	if planted == updateLost {
		found = p.find(n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.refusal(p); err != nil {
		return err
	}
	if planted != updateLost {
		found = p.find(n)
	}
	if found == nil {
		return serverNotFound
	}
	p.put(&registration{incarnation: found.incarnation, config: config, at: unlisted})
	return nil
}

func (r *registry) unregister(n name) error {
	p := r.partition(n.id)
	p.mu.Lock()
	if err := r.refusal(p); err != nil {
		p.mu.Unlock()
		return err
	}
	found := p.find(n)
	var ended []*binding
	if found != nil {
		ended = r.drop(p, found)
	}
	p.mu.Unlock()
	r.unbindAll(ended)
	if planted == forgetLate && found != nil {
		found.endpoint.forget(n)
	}
	return nil
}

// end ends an incarnation, unless it has ended: its name may be another's by now.
func (r *registry) end(i *incarnation) {
	p := r.partition(i.id)
	p.mu.Lock()
	var ended []*binding
	if found := p.find(i.name); found != nil && found.incarnation == i {
		ended = r.drop(p, found)
	}
	p.mu.Unlock()
	r.unbindAll(ended)
}

// drop ends the current registration of a name. The caller holds the lock of its partition, and once it has given that back, unbinds what
// it has been given.
func (r *registry) drop(p *partition, current *registration) []*binding {
	var ended []*binding
	if planted == asyncUnbind {
		later(func() {
			p.mu.Lock()
			ended := current.end()
			p.mu.Unlock()
			r.unbindAll(ended)
		})
	} else {
		// Before the name goes: who finds no server any more, without the lock, must not find anything bound to it either.
		ended = current.end()
	}
	p.remove(current)
	if planted != forgetLate {
		current.endpoint.forget(current.name)
	}
	if planted == routeAfterUnregister {
		later(func() { r.routes.Delete(current.name) })
	}
	return ended
}

// unbindAll lets transports forget bindings that have ended with their server.
func (r *registry) unbindAll(ended []*binding) {
	for _, one := range ended {
		p := r.partition(one.transport.id)
		p.mu.Lock()
		if one.transport.binding == one {
			one.transport.binding = nil
		}
		p.mu.Unlock()
	}
}

// down is called when an endpoint has gone down: its names go, in a step for each.
func (r *registry) down(e *endpoint) {
	held := e.goDown()
	if planted == unregisterByName {
		later(func() {
			for n := range held {
				_ = r.unregister(n)
			}
		})
		return
	}
	for _, one := range held {
		r.end(one)
	}
}

func (r *registry) close() {
	if planted != closeByPartition {
		r.isClosed.Store(true)
	}
	// To let go of everything takes longer, and shows nowhere.
	for i := range r.partitions {
		p := &r.partitions[i]
		var left []*registration
		p.mu.Lock()
		p.isClosed = true
		for _, listed := range p.listed {
			left = append(left, listed...)
		}
		p.mu.Unlock()
		for _, one := range left {
			r.end(one.incarnation)
		}
	}
	r.isDrained.Store(true)
}

// -------------------------------------------------------------------------------------------------------------------------- reads

// find is the current registration of a name, or nil.
func (r *registry) find(n name) *registration {
	p := r.partition(n.id)
	p.mu.RLock()
	defer p.mu.RUnlock()
	if r.closedFor(p) {
		return nil
	}
	if planted == readYourWrite {
		return p.findCopy(n)
	}
	return p.find(n)
}

// list is a snapshot of each partition.
func (r *registry) list(of namespace) []*registration {
	all := []*registration{}
	for i := range r.partitions {
		p := &r.partitions[i]
		if planted == listChunks {
			for at := 0; ; at++ {
				p.mu.RLock()
				if r.closedFor(p) || at >= len(p.listed[of]) {
					p.mu.RUnlock()
					break
				}
				all = append(all, p.listed[of][at])
				p.mu.RUnlock()
			}
			continue
		}
		p.mu.RLock()
		if !r.closedFor(p) {
			all = append(all, p.listed[of]...)
		}
		p.mu.RUnlock()
	}
	return all
}

// ----------------------------------------------------------------------------------------------------------------------- bindings

// server is the current incarnation of a server, or nil. It does without the lock of its partition, so that it may be called under that of
// another, and what it gives may have ended meanwhile.
func (r *registry) server(id string) *incarnation {
	if found := r.partition(id).find(name{servers, id}); found != nil {
		return found.incarnation
	}
	return nil
}

func (r *registry) bind(transportID, serverID string) error {
	var server *incarnation
	if planted == bindStale {
		if found := r.find(name{servers, serverID}); found != nil {
			server = found.incarnation
		}
	}
	p := r.partition(transportID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.refusal(p); err != nil {
		return err
	}
	if planted != bindStale {
		server = r.server(serverID)
	}
	if server == nil || server.isGone.Load() && planted != bindStale {
		return serverNotFound
	}
	transport := p.find(name{transports, transportID})
	if transport == nil {
		return transportNotFound
	}
	before := transport.binding
	if before != nil && before.server == server {
		return nil
	}
	if planted == rebindGap && before != nil {
		p.mu.Unlock()
		_ = r.unbind(transportID)
		p.mu.Lock()
		before = nil
	}
	fresh := server.join(transport.incarnation)
	if fresh == nil {
		return serverNotFound
	}
	if before != nil {
		before.server.leave(before)
	}
	transport.binding = fresh
	return nil
}

func (r *registry) unbind(transportID string) error {
	p := r.partition(transportID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.refusal(p); err != nil {
		return err
	}
	if transport := p.find(name{transports, transportID}); transport != nil && transport.binding != nil {
		transport.binding.server.leave(transport.binding)
		transport.binding = nil
	}
	return nil
}

// serverOf is the id of the server that a transport is bound to, or empty.
func (r *registry) serverOf(transportID string) string {
	p := r.partition(transportID)
	p.mu.RLock()
	if planted == getUnlocked {
		server := ""
		if transport := p.find(name{transports, transportID}); transport != nil && transport.binding != nil {
			server = transport.binding.server.id
		}
		p.mu.RUnlock()
		if r.find(name{servers, server}) == nil {
			return ""
		}
		return server
	}
	defer p.mu.RUnlock()
	transport := p.find(name{transports, transportID})
	// The binding stays the same under the lock, and what has not ended at the last look had not ended at the first.
	if r.closedFor(p) || transport == nil || transport.binding == nil || transport.binding.server.isGone.Load() {
		return ""
	}
	return transport.binding.server.id
}

// ------------------------------------------------------------------------------------------------------------------------ routing

// route hands a message over to whoever has the name, and says to how many.
func (r *registry) route(to name, from string, message json.RawMessage) int {
	recipient := r.recipient(to)
	if recipient == nil {
		return 0
	}
	deliver(recipient.incarnation, from, message)
	return 1
}

func (r *registry) recipient(n name) *registration {
	if planted != routeAfterUnregister {
		return r.find(n)
	}
	if cached, isCached := r.routes.Load(n); isCached && !r.isClosed.Load() {
		return cached.(*registration)
	}
	found := r.find(n)
	if found != nil {
		r.routes.Store(n, found)
	}
	return found
}

// broadcast hands a message over to all that are bound to a server at one moment, and says to how many.
func (r *registry) broadcast(serverID string, message json.RawMessage) int {
	server := r.find(name{servers, serverID})
	if server == nil {
		return 0
	}
	count := 0
	if planted == doubleDeliverOnRebind {
		for one := server.member(0); one != nil; one = server.member(count) {
			deliver(one.transport, serverID, message)
			count++
		}
		return count
	}
	for _, one := range server.members() {
		if planted == broadcastByName {
			count += r.route(one.transport.name, serverID, message)
			continue
		}
		deliver(one.transport, serverID, message)
		count++
	}
	return count
}

// deliver is called without any lock: what a recipient does with a message, or calls, is no matter of the registry's.
func deliver(to *incarnation, from string, message json.RawMessage) {
	send := func() { _ = to.endpoint.send(delivery{to.name, from, message}) }
	if planted == sendGoroutine {
		later(send)
		return
	}
	send()
}
