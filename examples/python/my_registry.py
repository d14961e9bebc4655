#!/usr/bin/env python3
"""A registry in Python, and its adapter: a program that speaks the protocol of docs/protocol.md on stdin and stdout.

    npx sharded-registry verify --command "python3 my_registry.py"

The upper half is a registry as anybody might have one: import your own in its place. The lower half is all that it takes to have it
judged: no more than the standard library.
"""

import json
import re
import sys


# ---------------------------------------------------------------------------------------------------------------- the registry

class Refused(Exception):
    """An operation that is refused, with one of the specified codes."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def valid(*ids):
    for id in ids:
        if not isinstance(id, str) or not 0 < len(id) <= 255 or re.search('[\0\ud800-\udfff]', id):
            raise Refused('invalid_argument')


def copy(value):
    return json.loads(json.dumps(value))


class Registry:
    """Servers and transports by name, and which transport is bound to which server."""

    def __init__(self):
        self.servers, self.transports = {}, {}  # id: (endpoint, config)
        self.bindings = {}  # id of a transport: id of its server
        self.closed = False

    def register(self, names, id, endpoint, config):
        valid(id)
        if config is None:
            config = {}
        if not isinstance(config, dict) or endpoint is None:
            raise Refused('invalid_argument')
        server = config.get('serverId') if names is self.transports else None
        if server is not None:
            valid(server)
        if self.closed:
            raise Refused('registry_closed')
        if endpoint.down:
            raise Refused('endpoint_down')
        if id in names:
            raise Refused('already_registered')
        names[id] = (endpoint, copy(config))
        if server in self.servers:
            self.bindings[id] = server

    def unregister(self, names, id):
        valid(id)
        if self.closed:
            raise Refused('registry_closed')
        names.pop(id, None)
        mine = self.bindings.items()
        self.bindings = {t: s for t, s in mine if (t if names is self.transports else s) != id}

    def update(self, id, config):
        valid(id)
        if not isinstance(config, dict):
            raise Refused('invalid_argument')
        if self.closed:
            raise Refused('registry_closed')
        if id not in self.servers:
            raise Refused('server_not_found')
        self.servers[id] = (self.servers[id][0], copy(config))

    def find(self, names, id):
        valid(id)
        return (id, *names[id]) if id in names else None

    def bind(self, transport, server):
        valid(transport, server)
        if self.closed:
            raise Refused('registry_closed')
        if server not in self.servers:
            raise Refused('server_not_found')
        if transport not in self.transports:
            raise Refused('transport_not_found')
        self.bindings[transport] = server

    def unbind(self, transport):
        valid(transport)
        if self.closed:
            raise Refused('registry_closed')
        self.bindings.pop(transport, None)

    def server_of(self, transport):
        valid(transport)
        return self.bindings.get(transport)

    def route(self, names, to, sender, message):
        valid(to, sender)
        if to not in names:
            return 0
        try:
            names[to][0].send('server' if names is self.servers else 'transport', to, sender, message)
        except Exception:
            pass  # What a recipient does is not for the sender.
        return 1

    def broadcast(self, server, message):
        valid(server)
        bound = [transport for transport, its in self.bindings.items() if its == server]
        return sum(self.route(self.transports, transport, server, message) for transport in bound)

    def down(self, endpoint):
        for names in (self.servers, self.transports):
            for id in [id for id, (its, _) in names.items() if its is endpoint]:
                self.unregister(names, id)

    def close(self):
        self.closed = True
        self.servers.clear()
        self.transports.clear()
        self.bindings.clear()


# ----------------------------------------------------------------------------------------------------------------- the adapter

def write(**message):
    sys.stdout.write(json.dumps({'jsonrpc': '2.0', **message}) + '\n')  # json.dumps escapes what is not ASCII.


class Endpoint:
    """Stands in for an endpoint of the kit: what it is sent, the kit is told."""

    def __init__(self, registry, handle, fails):
        self.registry, self.handle, self.fails, self.down = registry, handle, fails, False

    def send(self, namespace, to, sender, message):
        write(method='delivered', params={'registry': self.registry, 'endpoint': self.handle, 'namespace': namespace, 'to': to, 'from': sender, 'message': message})
        if self.fails:
            raise RuntimeError(f'{self.handle} always fails')


registries, endpoints = {}, {}


def shown(found):
    return found and {'id': found[0], 'endpoint': found[1].handle, 'config': found[2]}


def create(p):
    endpoints[p['registry'], p['endpoint']] = Endpoint(p['registry'], p['endpoint'], p.get('fails'))


def kill(p, r):
    endpoint = endpoints[p['registry'], p['endpoint']]
    endpoint.down = True
    if not r.closed:
        r.down(endpoint)


def endpoint(p):
    return endpoints.get((p['registry'], p.get('endpoint')))


def dispose(p):
    del registries[p['registry']]
    for key in [key for key in endpoints if key[0] == p['registry']]:
        del endpoints[key]


# The operations of the specification, in terms of the registry above: docs/protocol.md#methods. The first three are the least; leave
# out what yours has not, and it is reported untested. What is left out of a request is None: ids that are none are sent on purpose.
operations = {
    'registerServer': lambda r, p: r.register(r.servers, p.get('id'), endpoint(p), p.get('config')),
    'unregisterServer': lambda r, p: r.unregister(r.servers, p.get('id')),
    'findServer': lambda r, p: shown(r.find(r.servers, p.get('id'))),
    'registerTransport': lambda r, p: r.register(r.transports, p.get('id'), endpoint(p), p.get('config')),
    'unregisterTransport': lambda r, p: r.unregister(r.transports, p.get('id')),
    'findTransport': lambda r, p: shown(r.find(r.transports, p.get('id'))),
    'updateServer': lambda r, p: r.update(p.get('id'), p.get('config')),
    'listServers': lambda r, p: [shown((id, *entry)) for id, entry in r.servers.items()],
    'listTransports': lambda r, p: [shown((id, *entry)) for id, entry in r.transports.items()],
    'bindTransportToServer': lambda r, p: r.bind(p.get('transportId'), p.get('serverId')),
    'unbindTransport': lambda r, p: r.unbind(p.get('transportId')),
    'getServerForTransport': lambda r, p: r.server_of(p.get('transportId')),
    'routeToServer': lambda r, p: r.route(r.servers, p.get('serverId'), p.get('transportId'), p.get('message')),
    'routeToTransport': lambda r, p: r.route(r.transports, p.get('transportId'), p.get('serverId'), p.get('message')),
    'broadcast': lambda r, p: r.broadcast(p.get('serverId'), p.get('message')),
    'close': lambda r, p: r.close(),
}

introduction = {
    'protocol': 1,
    'name': 'a registry in Python',
    'version': '1',
    'methods': [*operations, 'settle'],
    'features': ['send-failures'],
    'concurrency': 64,
}


def answer(method, p):
    if method == 'initialize':
        return introduction
    if method == 'open':
        registries[p['registry']] = Registry()
    elif method == 'endpoint/create':
        create(p)
    elif method == 'endpoint/kill':
        kill(p, registries[p['registry']])
    elif method == 'dispose':
        dispose(p)
    elif method == 'settle':
        pass  # One thing is done after the other here: nothing is left to do.
    else:
        return operations[method](registries[p['registry']], p)


for line in sys.stdin.buffer:
    request = json.loads(line)
    try:
        write(id=request['id'], result=answer(request['method'], request['params']))
    except Refused as refused:
        write(id=request['id'], error={'code': -32000, 'message': refused.code, 'data': {'code': refused.code}})
    sys.stdout.flush()
