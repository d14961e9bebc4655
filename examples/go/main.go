// A registry in Go, and its adapter: a program that speaks the protocol of docs/protocol.md on stdin and stdout.
//
//	go build && npx sharded-registry verify --command ./my-registry
//
// The upper half is a registry as anybody might have one: import your own in its place. The lower half is all that it takes to have it
// judged: no more than the standard library.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// ------------------------------------------------------------------------------------------------------------------ the registry

// Refused is why an operation is refused: one of the specified codes.
type Refused string

func (code Refused) Error() string { return string(code) }

type Namespace string

const (
	Server    Namespace = "server"
	Transport Namespace = "transport"
)

type Delivery struct {
	Namespace Namespace `json:"namespace"`
	To        string    `json:"to"`
	From      string    `json:"from"`
	Message   any       `json:"message"`
}

type Config = map[string]any

// Endpoint is what a name stands for.
type Endpoint struct {
	Handle string
	Send   func(Delivery) error
	isDown bool
}

type Registration struct {
	ID       string
	Endpoint *Endpoint
	Config   Config
}

type entry struct {
	Registration
	// Of a transport: what it was last bound to, which may be gone by now.
	server *entry
}

// Registry keeps servers and transports by name, and which transport is bound to which server.
type Registry struct {
	lock     sync.RWMutex
	names    map[Namespace]map[string]*entry
	isClosed bool
}

func NewRegistry() *Registry {
	return &Registry{names: map[Namespace]map[string]*entry{Server: {}, Transport: {}}}
}

func (r *Registry) Register(namespace Namespace, id string, endpoint *Endpoint, config Config) error {
	if !valid(id) || endpoint == nil {
		return Refused("invalid_argument")
	}
	server, hasServer := config["serverId"].(string)
	if _, isGiven := config["serverId"]; namespace == Transport && isGiven && !(hasServer && valid(server)) {
		return Refused("invalid_argument")
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	names := r.names[namespace]
	switch {
	case r.isClosed:
		return Refused("registry_closed")
	case endpoint.isDown:
		return Refused("endpoint_down")
	case names[id] != nil:
		return Refused("already_registered")
	}
	names[id] = &entry{Registration{id, endpoint, config}, r.names[Server][server]}
	return nil
}

func (r *Registry) Unregister(namespace Namespace, id string) error {
	return r.write(func() error {
		delete(r.names[namespace], id)
		return nil
	}, id)
}

func (r *Registry) UpdateServer(id string, config Config) error {
	if config == nil {
		return Refused("invalid_argument")
	}
	return r.write(func() error {
		server := r.names[Server][id]
		if server == nil {
			return Refused("server_not_found")
		}
		server.Config = config
		return nil
	}, id)
}

func (r *Registry) Find(namespace Namespace, id string) (*Registration, error) {
	if !valid(id) {
		return nil, Refused("invalid_argument")
	}
	r.lock.RLock()
	defer r.lock.RUnlock()
	if found := r.names[namespace][id]; found != nil {
		copied := found.Registration
		return &copied, nil
	}
	return nil, nil
}

func (r *Registry) List(namespace Namespace) []Registration {
	r.lock.RLock()
	defer r.lock.RUnlock()
	list := []Registration{}
	for _, one := range r.names[namespace] {
		list = append(list, one.Registration)
	}
	return list
}

func (r *Registry) Bind(transportID, serverID string) error {
	return r.write(func() error {
		server, transport := r.names[Server][serverID], r.names[Transport][transportID]
		if server == nil {
			return Refused("server_not_found")
		}
		if transport == nil {
			return Refused("transport_not_found")
		}
		transport.server = server
		return nil
	}, transportID, serverID)
}

func (r *Registry) Unbind(transportID string) error {
	return r.write(func() error {
		if transport := r.names[Transport][transportID]; transport != nil {
			transport.server = nil
		}
		return nil
	}, transportID)
}

// ServerOf is the id of the server that a transport is bound to, or empty.
func (r *Registry) ServerOf(transportID string) (string, error) {
	if !valid(transportID) {
		return "", Refused("invalid_argument")
	}
	r.lock.RLock()
	defer r.lock.RUnlock()
	transport := r.names[Transport][transportID]
	// The name may be somebody else's by now.
	if transport == nil || transport.server == nil || r.names[Server][transport.server.ID] != transport.server {
		return "", nil
	}
	return transport.server.ID, nil
}

// Route hands a message over, and says to how many.
func (r *Registry) Route(namespace Namespace, to, from string, message any) (int, error) {
	found, err := r.Find(namespace, to)
	if !valid(from) {
		err = Refused("invalid_argument")
	}
	if err != nil || found == nil {
		return 0, err
	}
	// What becomes of it at the recipient is not for the sender.
	_ = found.Endpoint.Send(Delivery{namespace, to, from, message})
	return 1, nil
}

// Broadcast hands a message over to every transport bound to a server, and says to how many.
func (r *Registry) Broadcast(serverID string, message any) (int, error) {
	if !valid(serverID) {
		return 0, Refused("invalid_argument")
	}
	r.lock.RLock()
	bound := []Registration{}
	server := r.names[Server][serverID]
	for _, transport := range r.names[Transport] {
		if server != nil && transport.server == server {
			bound = append(bound, transport.Registration)
		}
	}
	// Nobody waits for a recipient, which may call the registry.
	r.lock.RUnlock()
	for _, transport := range bound {
		_ = transport.Endpoint.Send(Delivery{Transport, transport.ID, serverID, message})
	}
	return len(bound), nil
}

// Down is called when an endpoint has gone down: its names go.
func (r *Registry) Down(endpoint *Endpoint) {
	r.lock.Lock()
	defer r.lock.Unlock()
	endpoint.isDown = true
	for _, names := range r.names {
		for id, one := range names {
			if one.Endpoint == endpoint {
				delete(names, id)
			}
		}
	}
}

func (r *Registry) Close() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.isClosed = true
	r.names = map[Namespace]map[string]*entry{Server: {}, Transport: {}}
}

func (r *Registry) write(change func() error, ids ...string) error {
	if !valid(ids...) {
		return Refused("invalid_argument")
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.isClosed {
		return Refused("registry_closed")
	}
	return change()
}

func valid(ids ...string) bool {
	for _, id := range ids {
		if id == "" || utf8.RuneCountInString(id) > 255 || strings.ContainsRune(id, 0) {
			return false
		}
	}
	return true
}

// ------------------------------------------------------------------------------------------------------------------- the adapter

// Parameters of a request, of any method. An id or a configuration may be of any JSON type: ids that are none are sent on purpose.
type parameters struct {
	Registry    string `json:"registry"`
	Endpoint    any    `json:"endpoint"`
	Fails       string `json:"fails"`
	ID          any    `json:"id"`
	TransportID any    `json:"transportId"`
	ServerID    any    `json:"serverId"`
	Config      any    `json:"config"`
	Message     any    `json:"message"`
	endpoint    *Endpoint
}

// What is no string, or left out, becomes an id that the registry refuses.
func text(id any) string {
	valid, _ := id.(string)
	return valid
}

// The operations of the specification, in terms of the registry above: docs/protocol.md#methods. The first three are the least; leave
// out what yours has not, and it is reported untested.
var operations = map[string]func(r *Registry, p parameters) (any, error){
	"registerServer":   func(r *Registry, p parameters) (any, error) { return nil, register(r, Server, p) },
	"unregisterServer": func(r *Registry, p parameters) (any, error) { return nil, r.Unregister(Server, text(p.ID)) },
	"findServer":       func(r *Registry, p parameters) (any, error) { return found(r.Find(Server, text(p.ID))) },

	"registerTransport":   func(r *Registry, p parameters) (any, error) { return nil, register(r, Transport, p) },
	"unregisterTransport": func(r *Registry, p parameters) (any, error) { return nil, r.Unregister(Transport, text(p.ID)) },
	"findTransport":       func(r *Registry, p parameters) (any, error) { return found(r.Find(Transport, text(p.ID))) },

	"updateServer": func(r *Registry, p parameters) (any, error) {
		config, _ := p.Config.(Config)
		return nil, r.UpdateServer(text(p.ID), config)
	},
	"listServers":    func(r *Registry, _ parameters) (any, error) { return list(r.List(Server)), nil },
	"listTransports": func(r *Registry, _ parameters) (any, error) { return list(r.List(Transport)), nil },
	"bindTransportToServer": func(r *Registry, p parameters) (any, error) {
		return nil, r.Bind(text(p.TransportID), text(p.ServerID))
	},
	"unbindTransport": func(r *Registry, p parameters) (any, error) { return nil, r.Unbind(text(p.TransportID)) },
	"getServerForTransport": func(r *Registry, p parameters) (any, error) {
		server, err := r.ServerOf(text(p.TransportID))
		if server == "" {
			return nil, err
		}
		return server, err
	},
	"routeToServer": func(r *Registry, p parameters) (any, error) {
		return r.Route(Server, text(p.ServerID), text(p.TransportID), p.Message)
	},
	"routeToTransport": func(r *Registry, p parameters) (any, error) {
		return r.Route(Transport, text(p.TransportID), text(p.ServerID), p.Message)
	},
	"broadcast": func(r *Registry, p parameters) (any, error) { return r.Broadcast(text(p.ServerID), p.Message) },
	"close": func(r *Registry, _ parameters) (any, error) {
		r.Close()
		return nil, nil
	},
}

func register(r *Registry, namespace Namespace, p parameters) error {
	if p.Config == nil {
		p.Config = Config{}
	}
	config, isObject := p.Config.(Config)
	if !isObject {
		return Refused("invalid_argument")
	}
	return r.Register(namespace, text(p.ID), p.endpoint, config)
}

func shown(one Registration) any {
	return map[string]any{"id": one.ID, "endpoint": one.Endpoint.Handle, "config": one.Config}
}

func found(one *Registration, err error) (any, error) {
	if one == nil {
		return nil, err
	}
	return shown(*one), err
}

func list(all []Registration) []any {
	list := []any{}
	for _, one := range all {
		list = append(list, shown(one))
	}
	return list
}

var (
	writing sync.Mutex
	stdout  = bufio.NewWriter(os.Stdout)
	encoder = json.NewEncoder(stdout)
)

// Writes a message, in a line of its own.
func write(message map[string]any) {
	writing.Lock()
	defer writing.Unlock()
	message["jsonrpc"] = "2.0"
	if encoder.Encode(message) != nil || stdout.Flush() != nil {
		os.Exit(1) // Nobody listens any more.
	}
}

func answer(id any, result any, err error) {
	var code Refused
	if errors.As(err, &code) {
		write(map[string]any{"id": id, "error": map[string]any{"code": -32000, "message": code, "data": map[string]any{"code": code}}})
	} else {
		write(map[string]any{"id": id, "result": result})
	}
}

// Stands in for an endpoint of the kit: what it is sent, the kit is told.
func standIn(p parameters) *Endpoint {
	handle := text(p.Endpoint)
	return &Endpoint{Handle: handle, Send: func(d Delivery) error {
		write(map[string]any{"method": "delivered", "params": map[string]any{"registry": p.Registry, "endpoint": handle, "namespace": d.Namespace, "to": d.To, "from": d.From, "message": d.Message}})
		if p.Fails != "" {
			return errors.New(handle + " always fails")
		}
		return nil
	}}
}

func introduction() any {
	methods := []string{"settle"}
	for name := range operations {
		methods = append(methods, name)
	}
	sort.Strings(methods) // The same each time that the program is started.
	return map[string]any{
		"protocol": 1, "name": "a registry in Go", "version": "1",
		"methods": methods, "features": []string{"send-failures"}, "concurrency": 64,
		"limits": map[string]any{"strings": "unicode"},
	}
}

// What the kit has opened, by its handles.
type opened struct {
	*Registry
	endpoints map[string]*Endpoint
}

func main() {
	subjects := map[string]opened{}
	var underWay sync.WaitGroup
	for requests := json.NewDecoder(os.Stdin); ; {
		var request struct {
			ID     any        `json:"id"`
			Method string     `json:"method"`
			Params parameters `json:"params"`
		}
		if requests.Decode(&request) != nil {
			return
		}
		id, p := request.ID, request.Params
		subject := subjects[p.Registry]
		p.endpoint = subject.endpoints[text(p.Endpoint)]
		var result any
		switch request.Method {
		case "initialize":
			result = introduction()
		case "open":
			subjects[p.Registry] = opened{NewRegistry(), map[string]*Endpoint{}}
		case "endpoint/create":
			subject.endpoints[text(p.Endpoint)] = standIn(p)
		case "endpoint/kill":
			subject.Down(p.endpoint)
		case "settle":
			underWay.Wait() // Then nothing is left to do.
		case "dispose":
			delete(subjects, p.Registry)
		default:
			// Operations overlap, as those of clients would.
			underWay.Add(1)
			go func(operation func(*Registry, parameters) (any, error)) {
				defer underWay.Done()
				result, err := operation(subject.Registry, p)
				answer(id, result, err)
			}(operations[request.Method])
			continue
		}
		answer(id, result, nil)
	}
}
