package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"sort"
	"strings"
	"unicode/utf8"
)

// The protocol: docs/protocol.md. Requests are read in order. Operations each get a goroutine; all else is done before the next is read.

// --------------------------------------------------------------------------------------------------------------------- operations

// Parameters of a request, of any method. Ids and configurations may be of any JSON type.
type params struct {
	Registry    string          `json:"registry"`
	Endpoint    any             `json:"endpoint"`
	Fails       string          `json:"fails"`
	ID          any             `json:"id"`
	TransportID any             `json:"transportId"`
	ServerID    any             `json:"serverId"`
	Config      json.RawMessage `json:"config"`
	Message     json.RawMessage `json:"message"`
	Options     struct {
		Partitions *float64 `json:"partitions"`
	} `json:"options"`

	// Of these, what is valid: otherwise empty, or nil.
	id, transportID, serverID string
	endpoint                  *endpoint
}

type operation struct {
	// What has to be an id.
	ids func(p params) []string
	do  func(r *registry, p params) (any, error)
}

func noID(_ params) []string         { return nil }
func itsID(p params) []string        { return []string{p.id} }
func itsTransport(p params) []string { return []string{p.transportID} }
func itsServer(p params) []string    { return []string{p.serverID} }
func bothIDs(p params) []string      { return []string{p.transportID, p.serverID} }

var operations = map[string]operation{
	"registerServer":      {itsID, registering(servers)},
	"registerTransport":   {itsID, registering(transports)},
	"unregisterServer":    {itsID, unregistering(servers)},
	"unregisterTransport": {itsID, unregistering(transports)},
	"findServer":          {itsID, finding(servers)},
	"findTransport":       {itsID, finding(transports)},
	"listServers":         {noID, listing(servers)},
	"listTransports":      {noID, listing(transports)},

	"updateServer": {itsID, func(r *registry, p params) (any, error) {
		if !isObject(p.Config) {
			return nil, invalidArgument
		}
		return nil, r.update(name{servers, p.id}, p.Config)
	}},

	"bindTransportToServer": {bothIDs, func(r *registry, p params) (any, error) { return nil, r.bind(p.transportID, p.serverID) }},
	"unbindTransport":       {itsTransport, func(r *registry, p params) (any, error) { return nil, r.unbind(p.transportID) }},
	"getServerForTransport": {itsTransport, func(r *registry, p params) (any, error) {
		if server := r.serverOf(p.transportID); server != "" {
			return server, nil
		}
		return nil, nil
	}},

	"routeToServer": {bothIDs, func(r *registry, p params) (any, error) {
		return r.route(name{servers, p.serverID}, p.transportID, p.Message), nil
	}},
	"routeToTransport": {bothIDs, func(r *registry, p params) (any, error) {
		return r.route(name{transports, p.transportID}, p.serverID, p.Message), nil
	}},
	"broadcast": {itsServer, func(r *registry, p params) (any, error) { return r.broadcast(p.serverID, p.Message), nil }},

	"close": {noID, func(r *registry, _ params) (any, error) {
		r.close()
		return nil, nil
	}},
}

func (o operation) call(r *registry, p params) (any, error) {
	for _, id := range o.ids(p) {
		if id == "" {
			return nil, invalidArgument
		}
	}
	return o.do(r, p)
}

func registering(in namespace) func(r *registry, p params) (any, error) {
	return func(r *registry, p params) (any, error) {
		config := p.Config
		if len(config) == 0 {
			config = json.RawMessage("{}") // None was given.
		}
		if !isObject(config) || p.endpoint == nil {
			return nil, invalidArgument
		}
		serverID := ""
		if in == transports {
			var fields map[string]any
			if json.Unmarshal(config, &fields) != nil {
				return nil, invalidArgument
			}
			given, isGiven := fields["serverId"]
			if serverID = validID(given); isGiven && serverID == "" {
				return nil, invalidArgument
			}
		}
		return nil, r.register(name{in, p.id}, p.endpoint, config, serverID)
	}
}

func unregistering(in namespace) func(r *registry, p params) (any, error) {
	return func(r *registry, p params) (any, error) {
		return nil, r.unregister(name{in, p.id})
	}
}

type shown struct {
	ID       string          `json:"id"`
	Endpoint string          `json:"endpoint"`
	Config   json.RawMessage `json:"config"`
}

func finding(in namespace) func(r *registry, p params) (any, error) {
	return func(r *registry, p params) (any, error) {
		if found := r.find(name{in, p.id}); found != nil {
			return shown{found.id, found.endpoint.handle, found.config}, nil
		}
		return nil, nil
	}
}

func listing(in namespace) func(r *registry, p params) (any, error) {
	return func(r *registry, _ params) (any, error) {
		all := []shown{}
		for _, one := range r.list(in) {
			all = append(all, shown{one.id, one.endpoint.handle, one.config})
		}
		return all, nil
	}
}

func isObject(value json.RawMessage) bool {
	return len(value) > 0 && value[0] == '{'
}

// validID is an id, or empty if it is none. Go's decoder has seen to it that it is Unicode.
func validID(value any) string {
	id, _ := value.(string)
	if utf8.RuneCountInString(id) > 255 || strings.ContainsRune(id, 0) {
		return ""
	}
	return id
}

// ------------------------------------------------------------------------------------------------------------------------ writing

type reply struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result"`
}

type failure struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Error   problem         `json:"error"`
}

type problem struct {
	Number  int    `json:"code"`
	Message string `json:"message"`
	Data    *coded `json:"data,omitempty"`
}

type coded struct {
	Code refused `json:"code"`
}

type delivered struct {
	Version string          `json:"jsonrpc"`
	Method  string          `json:"method"`
	Params  deliveredParams `json:"params"`
}

type deliveredParams struct {
	Registry  string          `json:"registry"`
	Endpoint  string          `json:"endpoint"`
	Namespace string          `json:"namespace"`
	To        string          `json:"to"`
	From      string          `json:"from"`
	Message   json.RawMessage `json:"message"`
}

// What is to be written, in this order, by one goroutine.
var lines = make(chan []byte, 1024)

func writeLines(written chan<- struct{}) {
	stdout := bufio.NewWriterSize(os.Stdout, 1<<16)
	for line := range lines {
		_, _ = stdout.Write(line)
		if len(lines) == 0 && stdout.Flush() != nil {
			os.Exit(1) // Nobody listens any more.
		}
	}
	close(written)
}

func tell(message any) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // It would make a line six times as long.
	if err := encoder.Encode(message); err != nil {
		panic(err) // All of it has come as JSON.
	}
	lines <- line.Bytes()
}

func answer(id json.RawMessage, result any, err error) {
	if err == nil {
		tell(reply{"2.0", id, result})
		return
	}
	var code refused
	if errors.As(err, &code) {
		tell(failure{"2.0", id, problem{-32000, err.Error(), &coded{code}}})
	} else {
		tell(failure{"2.0", id, problem{-32603, err.Error(), nil}})
	}
}

// Stands in for an endpoint of the kit: what it is sent, the kit is told.
func standIn(registry, handle string, fails bool) *endpoint {
	return newEndpoint(handle, func(d delivery) error {
		tell(delivered{"2.0", "delivered", deliveredParams{registry, handle, d.to.namespace.String(), d.to.id, d.from, d.message}})
		if fails {
			return errors.New(handle + " always fails")
		}
		return nil
	})
}

// ------------------------------------------------------------------------------------------------------------------------ reading

func introduction() any {
	methods := []string{"settle"}
	for method := range operations {
		methods = append(methods, method)
	}
	sort.Strings(methods) // The same each time that the program is started.
	return map[string]any{
		"protocol": 1, "name": "a registry of goroutines", "version": "1",
		"methods": methods, "features": []string{"partitions", "send-failures"}, "concurrency": 256,
		"limits": map[string]any{"strings": "unicode"},
	}
}

func serve(in io.Reader) {
	written := make(chan struct{})
	go writeLines(written)
	read(json.NewDecoder(in))
	underWay.Wait()
	close(lines)
	<-written
}

// What the kit has opened, by its handles.
type opened struct {
	registry  *registry
	endpoints map[string]*endpoint
}

func read(requests *json.Decoder) {
	subjects := map[string]opened{}
	for {
		var request struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params params          `json:"params"`
		}
		if requests.Decode(&request) != nil {
			return
		}
		id, p := request.ID, request.Params
		subject, isOpen := subjects[p.Registry]
		handle, _ := p.Endpoint.(string)
		p.id, p.transportID, p.serverID = validID(p.ID), validID(p.TransportID), validID(p.ServerID)
		p.endpoint = subject.endpoints[handle]
		operation, isOperation := operations[request.Method]
		switch {
		case request.Method == "initialize":
			answer(id, introduction(), nil)
		case request.Method == "open":
			partitions, err := partitionsOf(p.Options.Partitions)
			if err == nil {
				subjects[p.Registry] = opened{newRegistry(partitions), map[string]*endpoint{}}
			}
			answer(id, nil, err)
		case !isOpen:
			answer(id, nil, invalidArgument)
		case request.Method == "endpoint/create":
			subject.endpoints[handle] = standIn(p.Registry, handle, p.Fails != "")
			answer(id, nil, nil)
		case request.Method == "endpoint/kill":
			if p.endpoint != nil {
				subject.registry.down(p.endpoint)
			}
			answer(id, nil, nil)
		case request.Method == "settle":
			underWay.Wait()
			answer(id, nil, nil)
		case request.Method == "dispose":
			delete(subjects, p.Registry)
			answer(id, nil, nil)
		case isOperation:
			later(func() {
				result, err := operation.call(subject.registry, p)
				answer(id, result, err)
			})
		default:
			answer(id, nil, errors.New("no such method: "+request.Method))
		}
	}
}

func partitionsOf(asked *float64) (int, error) {
	if asked == nil {
		return 16, nil
	}
	if !(*asked >= 1 && *asked <= 64) || math.Trunc(*asked) != *asked {
		return 0, invalidArgument
	}
	return int(*asked), nil
}
