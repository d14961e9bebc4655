// A registry in which every request is a goroutine of its own and every partition has a lock of its own, so that requests really run at
// once. It speaks the protocol of docs/protocol.md, and is correct, unless it is told to make one of the mistakes below:
//
//	go build && ./races --fault async-unbind
//	./races --faults
//
// Each mistake is where an engineer would have made it: search for its constant. None waits or widens its window in any way.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

const (
	asyncUnbind           = "async-unbind"
	getUnlocked           = "get-unlocked"
	heldRace              = "held-race"
	listChunks            = "list-chunks"
	sendGoroutine         = "send-goroutine"
	closeUncoded          = "close-uncoded"
	registerCheckThenAct  = "register-check-then-act"
	unregisterByName      = "unregister-by-name"
	updateLost            = "update-lost"
	bindStale             = "bind-stale"
	broadcastSnapshotLate = "broadcast-snapshot-late"
	registerLateWatch     = "register-late-watch"
	listIndexLate         = "list-index-late"
	readYourWrite         = "read-your-write"
	rebindGap             = "rebind-gap"
	routeAfterUnregister  = "route-after-unregister"
	doubleDeliverOnRebind = "double-deliver-on-rebind"
	lostBindingIndex      = "lost-binding-index"
	registerThenBind      = "register-then-bind"
	closeByPartition      = "close-by-partition"
	broadcastByName       = "broadcast-by-name"
	forgetLate            = "forget-late"
)

// How an engineer comes to write each, and the requirements that it breaks, the main one first.
type fault struct {
	Name   string   `json:"name"`
	How    string   `json:"how"`
	Breaks []string `json:"breaks"`
}

var faults = []fault{
	{asyncUnbind, "Ending all bindings of a name takes long when there are thousands, so unregistering leaves that to a goroutine and answers at once.",
		[]string{"BND-6", "BND-7", "INC-2", "CON-1", "RTE-3", "RTE-8"}},
	{getUnlocked, "getServerForTransport reads which server the transport is bound to under its lock, and then asks the ordinary lookup, which takes another lock, whether a server of that name is still there.",
		[]string{"CON-1", "INC-2", "BND-4"}},
	{heldRace, "The names that an endpoint holds are read by a getter and stored by a setter, each of which takes the lock, and what is added between the two calls by somebody else is lost.",
		[]string{"DWN-1", "DWN-2"}},
	{listChunks, "A long list would hold up the writers, so the lock is taken anew for each name, by its place in an index in which places change.",
		[]string{"LST-3", "LST-1"}},
	{sendGoroutine, "A send may block, so each is given a goroutine of its own.",
		[]string{"RTE-4"}},
	{closeUncoded, "While a registry is being closed, calls get a plain error saying so, and only from then on the one that has a code.",
		[]string{"ERR-1"}},
	{registerCheckThenAct, "Most registrations of a taken name need no write lock, so whether it is taken is looked up under the read lock, and the write lock is taken after that.",
		[]string{"CON-1", "REG-2", "LST-3"}},
	{unregisterByName, "What has to be done when an endpoint goes down is to unregister its names, so a goroutine calls unregister for each of them.",
		[]string{"INC-1", "DWN-4", "CON-1"}},
	{updateLost, "The map may be read without a lock, so the changed registration is prepared before the lock is taken, and under the lock it is only stored.",
		[]string{"CON-1", "UPD-1", "UNR-1", "UPD-2", "DWN-1", "LST-3"}},
	{bindStale, "The server has just been looked up, under its own lock, so there seems to be no need to look again when the lock of the transport has been got.",
		[]string{"CON-1", "BND-2"}},
	{broadcastSnapshotLate, "Copying the recipients for every broadcast is dear, so the copy is kept, and since a last message to somebody who has just left seemed harmless, a goroutine throws it away after an unbind.",
		[]string{"RTE-3", "RTE-9", "RTE-8"}},
	{registerLateWatch, "Whether the endpoint is down needs no lock of the partition, so it is checked with the other arguments, before the wait for the lock.",
		[]string{"DWN-1", "REG-3"}},
	{listIndexLate, "Only lists read the index of names, so a goroutine keeps it up to date, and no writer waits for it.",
		[]string{"LST-3", "LST-1"}},
	{readYourWrite, "Lookups shall not disturb writers, so they are served from a copy, which a goroutine brings up to date after each write.",
		[]string{"CON-1", "REG-1", "UNR-1", "RTE-1", "RTE-2"}},
	{rebindGap, "Binding again begins with the unbind that is there already, which takes the lock itself, so that bind has to let go of it for the call.",
		[]string{"CON-1", "BND-4", "REG-4"}},
	{routeAfterUnregister, "Routing keeps the recipients that it has looked up, and a goroutine takes out those that were unregistered.",
		[]string{"RTE-8", "RTE-2", "RTE-1", "CON-1"}},
	{doubleDeliverOnRebind, "To copy a thousand recipients seems wasteful, and a lock must not be held during a send, so a broadcast takes one recipient after the other by its place, which changes when somebody leaves.",
		[]string{"RTE-9", "RTE-3", "RTE-5"}},
	{lostBindingIndex, "The transports of a server are copied, one is added, and the copy is put in place, and the lock is held for the copying and for the putting, but not from one to the other.",
		[]string{"RTE-3", "RTE-9"}},
	{registerThenBind, "A transport with a serverId is registered and then bound, by the two functions that are there already.",
		[]string{"BND-8", "CON-1"}},
	{closeByPartition, "Each partition is closed under its own lock, one after the other, and no flag is shared by all of them.",
		[]string{"CON-1"}},
	{broadcastByName, "Once the names of the recipients are known, a broadcast is so many calls of the function that routes to a name.",
		[]string{"RTE-9", "RTE-3"}},
	{forgetLate, "The endpoint has a lock of its own, so it is told to forget the name when that of the partition has been given back.",
		[]string{"DWN-1", "DWN-2"}},
}

// The fault that has been planted.
var planted string

func main() {
	isList := flag.Bool("faults", false, "print the faults as JSON, and exit")
	flag.StringVar(&planted, "fault", "none", "the fault to plant")
	flag.Parse()
	if *isList {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(faults)
		return
	}
	if flag.NArg() > 0 || planted != "none" && !isFault(planted) {
		fmt.Fprintf(os.Stderr, "no such fault: %q %q; --faults lists them\n", planted, flag.Args())
		os.Exit(2)
	}
	serve(os.Stdin)
}

func isFault(name string) bool {
	for _, one := range faults {
		if one.Name == name {
			return true
		}
	}
	return false
}
