# Elixir's own `Registry`, judged as it is: https://hexdocs.pm/elixir/Registry.html
#
#     npx sharded-registry verify --command "elixir examples/registries/elixir-registry/adapter.exs"
#
# It is used as that page teaches: with unique keys, in partitions, each process registering itself, with a value. Servers and transports
# are processes under the keys {:server, id} and {:transport, id}. What it has no idea of is not offered: one name bound to another,
# statistics, admission, closing. What differs from the specification, and why, is told in differences.yaml.

{:ok, module, binary} = :compile.file(to_charlist(Path.join(__DIR__, "../beam/adapter_protocol")), [:binary])
{:module, _} = :code.load_binary(module, ~c"adapter_protocol", binary)

defmodule Adapter do
  import :adapter_protocol, only: [within: 2, refuse: 1]

  def main do
    :adapter_protocol.serve(%{
      introduction: %{name: "Elixir's Registry", version: System.version(), features: [:partitions]},
      open: &open/2,
      dispose: &Supervisor.stop/1,
      named: fn registry -> for {_, pid, _} <- all(registry), do: pid end,
      operations: %{
        "registerServer" => &register(&1, {:server, &2["id"]}, &2),
        "unregisterServer" => &unregister(&1, {:server, &2["id"]}),
        "findServer" => &find(&1, {:server, &2["id"]}),
        "registerTransport" => &register(&1, {:transport, &2["id"]}, &2),
        "unregisterTransport" => &unregister(&1, {:transport, &2["id"]}),
        "findTransport" => &find(&1, {:transport, &2["id"]}),
        "updateServer" => &update(&1, {:server, &2["id"]}, &2["config"]),
        "listServers" => fn registry, _ -> list(registry, :server) end,
        "listTransports" => fn registry, _ -> list(registry, :transport) end,
        "routeToServer" => &route(&1, {:server, &2["serverId"]}, &2["transportId"], &2["message"]),
        "routeToTransport" => &route(&1, {:transport, &2["transportId"]}, &2["serverId"], &2["message"])
      }
    })
  end

  defp open(number, options) do
    name = Module.concat(__MODULE__, "Registry#{number}")
    {:ok, _} = Registry.start_link(keys: :unique, name: name, partitions: Map.get(options, "partitions", 16))
    name
  end

  # "Registers the current process": so it is the endpoint that does it, and one that is dead cannot.
  defp register(registry, key, %{"endpoint" => pid} = p) do
    case within(pid, fn -> Registry.register(registry, key, Map.get(p, "config", %{})) end) do
      {:ok, {:ok, _owner}} -> nil
      {:ok, {:error, {:already_registered, _pid}}} -> refuse(:already_registered)
      :down -> refuse(:endpoint_down)
    end
  end

  # "Unregisters all entries for the given key associated to the current process": so its holder is asked to.
  defp unregister(registry, key) do
    by_holder(registry, key, fn -> Registry.unregister(registry, key) end)
    nil
  end

  # "Updates the value for key for the current process": the same. Whoever does not hold the name any more says so.
  defp update(registry, key, config) do
    case by_holder(registry, key, fn -> Registry.update_value(registry, key, fn _ -> config end) end) do
      {:ok, {_new, _old}} -> nil
      _ -> refuse(:server_not_found)
    end
  end

  # "Certain operations may return processes that are already dead", for a moment: then once more. Gives {:ok, value}, or [].
  defp by_holder(registry, key, act) do
    with [{pid, _}] <- Registry.lookup(registry, key), :down <- within(pid, act), do: by_holder(registry, key, act)
  end

  defp find(registry, {_, id} = key) do
    case Registry.lookup(registry, key) do
      [{pid, config}] -> {id, pid, config}
      [] -> nil
    end
  end

  defp list(registry, namespace), do: for({{^namespace, id}, pid, config} <- all(registry), do: {id, pid, config})

  # "Get everything from the registry", as the page has it.
  defp all(registry), do: Registry.select(registry, [{{:"$1", :"$2", :"$3"}, [], [{{:"$1", :"$2", :"$3"}}]}])

  defp route(registry, {namespace, id} = key, from, message) do
    entries = Registry.lookup(registry, key)
    for {pid, _} <- entries, do: send(pid, {:delivery, namespace, id, from, message})
    length(entries)
  end
end

Adapter.main()
