# A registry in Elixir, and its adapter: a program that speaks the protocol of docs/protocol.md on stdin and stdout.
#
#     npx sharded-registry verify --command "elixir my_registry.exs"
#
# The first module is a registry as anybody might have one: put your own in its place. The second is all that it takes to have it judged,
# with the third, which reads and writes JSON: Elixir has a module for that from 1.18 on.

defmodule MyRegistry do
  @moduledoc "Servers and transports by name, and which transport is bound to which server."
  use GenServer

  # What is registered, by name: `incarnation` is the monitor on its process, new each time. `server` is what a transport was last bound
  # to, {id, incarnation}, which may be gone by now.
  @empty %{server: %{}, transport: %{}, open?: true}

  @impl true
  def init(nil), do: {:ok, @empty}

  # Answers {:ok, value}, or {:refused, code} with one of the specified codes. What is refused has changed nothing.
  @impl true
  def handle_call(request, _from, state) do
    {value, next} = handle(request, state)
    {:reply, {:ok, value}, next}
  catch
    {:refused, code} -> {:reply, {:refused, code}, state}
  end

  @impl true
  def handle_info({:DOWN, incarnation, :process, _, _}, state), do: {:noreply, down(state, incarnation)}

  defp handle({:register, kind, id, pid, config}, state) do
    check_id(id)
    refuse_unless(is_pid(pid) and is_map(config), :invalid_argument)
    server_id = if kind == :transport, do: config["serverId"]
    unless is_nil(server_id), do: check_id(server_id)
    check_open(state)
    refuse_unless(Process.alive?(pid), :endpoint_down)
    refuse_unless(state[kind][id] == nil, :already_registered)
    entry = %{pid: pid, config: config, incarnation: Process.monitor(pid), server: incarnation(state, server_id)}
    {nil, put_in(state[kind][id], entry)}
  end

  defp handle({:unregister, kind, id}, state) do
    check_id(id)
    check_open(state)

    case state[kind][id] do
      nil ->
        {nil, state}

      %{incarnation: incarnation} ->
        Process.demonitor(incarnation, [:flush])
        {nil, down(state, incarnation)}
    end
  end

  defp handle({:update_server, id, config}, state) do
    check_id(id)
    refuse_unless(is_map(config), :invalid_argument)
    check_open(state)
    refuse_unless(state.server[id], :server_not_found)
    {nil, put_in(state.server[id].config, config)}
  end

  defp handle({:find, kind, id}, state) do
    check_id(id)
    found = with %{pid: pid, config: config} <- state[kind][id], do: {id, pid, config}
    {found, state}
  end

  defp handle({:list, kind}, state), do: {for({id, %{pid: pid, config: config}} <- state[kind], do: {id, pid, config}), state}

  defp handle({:bind, transport_id, server_id}, state) do
    check_id(transport_id)
    check_id(server_id)
    check_open(state)
    refuse_unless(state.server[server_id], :server_not_found)
    refuse_unless(state.transport[transport_id], :transport_not_found)
    {nil, put_in(state.transport[transport_id].server, incarnation(state, server_id))}
  end

  defp handle({:unbind, transport_id}, state) do
    check_id(transport_id)
    check_open(state)
    {nil, if(state.transport[transport_id], do: put_in(state.transport[transport_id].server, nil), else: state)}
  end

  defp handle({:server_of, transport_id}, state) do
    check_id(transport_id)

    # The name may be somebody else's by now.
    with %{server: {server_id, incarnation}} <- state.transport[transport_id],
         %{incarnation: ^incarnation} <- state.server[server_id] do
      {server_id, state}
    else
      _ -> {nil, state}
    end
  end

  defp handle({:route, kind, to, from, message}, state) do
    check_id(to)
    check_id(from)

    case state[kind][to] do
      nil ->
        {0, state}

      %{pid: pid} ->
        send(pid, {:delivery, kind, to, from, message})
        {1, state}
    end
  end

  defp handle({:broadcast, server_id, message}, state) do
    check_id(server_id)
    server = incarnation(state, server_id)
    bound = for {id, %{server: ^server, pid: pid}} when server != nil <- state.transport, do: {id, pid}
    for {id, pid} <- bound, do: send(pid, {:delivery, :transport, id, server_id, message})
    {length(bound), state}
  end

  defp handle(:close, state) do
    for {_, %{incarnation: incarnation}} <- entries(state), do: Process.demonitor(incarnation, [:flush])
    {nil, %{@empty | open?: false}}
  end

  # Everybody who has died by now has been heard of.
  defp handle(:settle, state) do
    dead = for {_, %{pid: pid, incarnation: incarnation}} <- entries(state), not Process.alive?(pid), do: incarnation

    {nil,
     Enum.reduce(dead, state, fn incarnation, state ->
       receive do
         {:DOWN, ^incarnation, :process, _, _} -> down(state, incarnation)
       end
     end)}
  end

  defp entries(state), do: Enum.concat(state.server, state.transport)

  defp incarnation(state, server_id), do: with(%{incarnation: incarnation} <- state.server[server_id], do: {server_id, incarnation})

  defp down(state, incarnation) do
    remains = fn names -> Map.reject(names, fn {_, entry} -> entry.incarnation == incarnation end) end
    %{state | server: remains.(state.server), transport: remains.(state.transport)}
  end

  defp check_open(state), do: refuse_unless(state.open?, :registry_closed)

  # The length is counted in code points, and not as String.length/1 counts.
  defp check_id(id) do
    refuse_unless(is_binary(id) and id != "" and not String.contains?(id, <<0>>) and length(String.codepoints(id)) <= 255, :invalid_argument)
  end

  defp refuse_unless(holds, code), do: holds || throw({:refused, code})
end

defmodule Adapter do
  # The operations of the specification, in terms of the registry above: docs/protocol.md#methods. The first three are the least; leave
  # out what yours has not, and it is reported untested. What is left out of a request is nil: ids that are none are sent on purpose.
  defp operations do
    %{
      "registerServer" => &{:register, :server, &1["id"], endpoint(&1), Map.get(&1, "config", %{})},
      "unregisterServer" => &{:unregister, :server, &1["id"]},
      "findServer" => &{:find, :server, &1["id"]},
      "registerTransport" => &{:register, :transport, &1["id"], endpoint(&1), Map.get(&1, "config", %{})},
      "unregisterTransport" => &{:unregister, :transport, &1["id"]},
      "findTransport" => &{:find, :transport, &1["id"]},
      "updateServer" => &{:update_server, &1["id"], &1["config"]},
      "listServers" => fn _ -> {:list, :server} end,
      "listTransports" => fn _ -> {:list, :transport} end,
      "bindTransportToServer" => &{:bind, &1["transportId"], &1["serverId"]},
      "unbindTransport" => &{:unbind, &1["transportId"]},
      "getServerForTransport" => &{:server_of, &1["transportId"]},
      "routeToServer" => &{:route, :server, &1["serverId"], &1["transportId"], &1["message"]},
      "routeToTransport" => &{:route, :transport, &1["transportId"], &1["serverId"], &1["message"]},
      "broadcast" => &{:broadcast, &1["serverId"], &1["message"]},
      "close" => fn _ -> :close end
    }
  end

  defp introduction do
    %{protocol: 1, name: "a registry in Elixir", version: "1", methods: Map.keys(operations()) ++ [:settle], concurrency: 64, limits: %{strings: "unicode"}}
  end

  # What the kit has opened, by its handles: {{:registry, r}, pid}, {{:endpoint, r, e}, pid}, and {pid, e}.
  defp known(key), do: :ets.lookup_element(__MODULE__, key, 2)

  defp registry(p), do: known({:registry, p["registry"]})

  defp endpoint(p) do
    known({:endpoint, p["registry"], p["endpoint"]})
  rescue
    ArgumentError -> nil
  end

  defp endpoints(r), do: for([pid] <- :ets.match(__MODULE__, {{:endpoint, r, :_}, :"$1"}), do: pid)

  # Stands in for an endpoint of the kit: what it is sent, the kit is told.
  defp stand_in(r, e) do
    receive do
      {:delivery, kind, to, from, message} ->
        write(%{method: :delivered, params: %{registry: r, endpoint: e, namespace: kind, to: to, from: from, message: message}})
        stand_in(r, e)

      {:settle, from} ->
        send(from, {:settled, self()})
        stand_in(r, e)

      :kill ->
        :ok
    end
  end

  def main do
    :ets.new(__MODULE__, [:named_table, :public])
    # Bytes, not characters.
    :ok = :io.setopts(:standard_io, encoding: :latin1)
    serve(0)
  end

  # `under_way`: how many operations have been called, and had not been answered when it was looked at last.
  defp serve(under_way) do
    with line when is_binary(line) <- IO.binread(:stdio, :line) do
      %{"id" => id, "method" => method, "params" => p} = Json.decode(line)
      serve(request(id, method, p, remaining(under_way, 0)))
    end
  end

  # When everybody who was called has answered, and everybody who was told of something has passed it on, nothing is left to do.
  defp request(id, "settle", p, under_way) do
    0 = remaining(under_way, :infinity)
    {:ok, nil} = GenServer.call(registry(p), :settle)

    for pid <- endpoints(p["registry"]), Process.alive?(pid) do
      send(pid, {:settle, self()})
      receive do: ({:settled, ^pid} -> :ok)
    end

    answer(id, {:ok, nil})
    0
  end

  defp request(id, method, p, under_way) do
    case operations() do
      # Operations overlap, as those of clients would.
      %{^method => operation} ->
        spawn_monitor(fn -> answer(id, GenServer.call(registry(p), operation.(p))) end)
        under_way + 1

      _ ->
        answer(id, {:ok, order(method, p)})
        under_way
    end
  end

  defp remaining(0, _), do: 0

  defp remaining(under_way, patience) do
    receive do
      {:DOWN, _, :process, _, _} -> remaining(under_way - 1, patience)
    after
      patience -> under_way
    end
  end

  defp order("initialize", _), do: introduction()

  defp order("open", p) do
    {:ok, pid} = GenServer.start(MyRegistry, nil)
    :ets.insert(__MODULE__, {{:registry, p["registry"]}, pid})
    nil
  end

  defp order("endpoint/create", %{"registry" => r, "endpoint" => e}) do
    pid = spawn(fn -> stand_in(r, e) end)
    :ets.insert(__MODULE__, [{{:endpoint, r, e}, pid}, {pid, e}])
    nil
  end

  defp order("endpoint/kill", p) do
    monitor = Process.monitor(endpoint(p))
    # It ends when it has told what it was sent.
    send(endpoint(p), :kill)
    receive do: ({:DOWN, ^monitor, :process, _, _} -> nil)
  end

  defp order("dispose", %{"registry" => r} = p) do
    GenServer.stop(registry(p))

    for pid <- endpoints(r) do
      send(pid, :kill)
      :ets.delete(__MODULE__, pid)
    end

    :ets.delete(__MODULE__, {:registry, r})
    :ets.match_delete(__MODULE__, {{:endpoint, r, :_}, :_})
    nil
  end

  defp answer(id, {:ok, value}), do: write(%{id: id, result: shown(value)})
  defp answer(id, {:refused, code}), do: write(%{id: id, error: %{code: -32000, message: code, data: %{code: code}}})

  defp shown({id, pid, config}), do: %{id: id, endpoint: known(pid), config: config}
  defp shown(list) when is_list(list), do: Enum.map(list, &shown/1)
  defp shown(value), do: value

  defp write(message), do: :ok = IO.binwrite([Json.encode(Map.put(message, :jsonrpc, "2.0")), ?\n])
end

defmodule Json do
  @moduledoc "Objects are maps with strings for keys, null is nil; atoms are written as strings."

  def decode(text) do
    {value, rest} = value(space(text))
    "" = space(rest)
    value
  end

  defp space(<<c, rest::binary>>) when c in ' \t\r\n', do: space(rest)
  defp space(rest), do: rest

  defp value("null" <> rest), do: {nil, rest}
  defp value("true" <> rest), do: {true, rest}
  defp value("false" <> rest), do: {false, rest}
  defp value("\"" <> rest), do: string(rest, [])
  defp value("[" <> rest), do: list(space(rest), [])
  defp value("{" <> rest), do: object(space(rest), %{})
  defp value(number), do: number(number, 0)

  defp list("]" <> rest, done), do: {Enum.reverse(done), rest}
  defp list("," <> rest, done), do: list(space(rest), done)

  defp list(text, done) do
    {value, rest} = value(text)
    list(space(rest), [value | done])
  end

  defp object("}" <> rest, done), do: {done, rest}
  defp object("," <> rest, done), do: object(space(rest), done)

  defp object("\"" <> text, done) do
    {key, rest} = string(text, [])
    ":" <> rest = space(rest)
    {value, rest} = value(space(rest))
    object(space(rest), Map.put(done, key, value))
  end

  defp string(<<?", rest::binary>>, done), do: {done |> Enum.reverse() |> IO.iodata_to_binary(), rest}

  defp string(<<?\\, escape::binary>>, done) do
    {character, rest} = escape(escape)
    string(rest, [<<character::utf8>> | done])
  end

  defp string(<<byte, rest::binary>>, done), do: string(rest, [byte | done])

  # A character beyond U+FFFF is escaped as two surrogates.
  defp escape(<<?u, d, high::binary-size(3), "\\u", low::binary-size(4), rest::binary>>) when d in 'dD' and binary_part(high, 0, 1) in ~w[8 9 a b A B] do
    {0x10000 + (String.to_integer(high, 16) - 0x800) * 0x400 + String.to_integer(low, 16) - 0xDC00, rest}
  end

  defp escape(<<?u, code::binary-size(4), rest::binary>>), do: {String.to_integer(code, 16), rest}
  defp escape(<<c, rest::binary>>), do: {Map.get(%{?b => ?\b, ?f => ?\f, ?n => ?\n, ?r => ?\r, ?t => ?\t}, c, c), rest}

  defp number(text, length) do
    case text do
      <<_::binary-size(length), c, _::binary>> when c in '0123456789+-.eE' -> number(text, length + 1)
      <<number::binary-size(length), rest::binary>> -> {elem(if(number =~ ~r/[.eE]/, do: Float.parse(number), else: Integer.parse(number)), 0), rest}
    end
  end

  def encode(nil), do: "null"
  def encode(value) when is_boolean(value), do: Atom.to_string(value)
  def encode(atom) when is_atom(atom), do: encode(Atom.to_string(atom))
  def encode(text) when is_binary(text), do: [?", for(<<c <- text>>, do: escaped(c)), ?"]
  def encode(number) when is_integer(number), do: Integer.to_string(number)
  def encode(number) when is_float(number), do: Float.to_string(number)
  def encode(list) when is_list(list), do: [?[, list |> Enum.map(&encode/1) |> Enum.intersperse(?,), ?]]
  def encode(object) when is_map(object), do: [?{, object |> Enum.map(fn {key, value} -> [encode(key), ?:, encode(value)] end) |> Enum.intersperse(?,), ?}]

  defp escaped(c) when c in '"\\', do: [?\\, c]
  defp escaped(c) when c < 32, do: :io_lib.format("\\u~4.16.0b", [c])
  defp escaped(c), do: c
end

Adapter.main()
