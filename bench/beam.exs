# Elixir's Registry and raw ETS, measured for bench/beam.ts. Each line read names what to measure and for how many milliseconds, as
# `registry lookup 60`; each line written is the nanoseconds of one operation. Ends with its input.

defmodule Beam do
  @entries 10_000
  @recipients 1_000

  def main do
    {:ok, _} = Registry.start_link(keys: :unique, name: Names, partitions: 16)
    {:ok, _} = Registry.start_link(keys: :duplicate, name: Audience, partitions: 16)
    table = :ets.new(:names, [:set, :public, read_concurrency: true])

    for id <- ids("server", @entries) do
      {:ok, _} = Registry.register(Names, id, :endpoint)
      :ets.insert(table, {id, self(), :endpoint})
    end

    # Each recipient is a process, with a function that its message is given to. Nothing is sent: that would measure mailboxes.
    main = self()

    for _ <- 1..@recipients do
      spawn_link(fn ->
        {:ok, _} = Registry.register(Audience, "s", fn _message -> :ok end)
        send(main, :ready)
        Process.sleep(:infinity)
      end)
    end

    for _ <- 1..@recipients, do: receive(do: (:ready -> :ok))
    answer(table)
  end

  defp answer(table) do
    case IO.read(:line) do
      :eof ->
        :ok

      line ->
        [whom, what, ms] = String.split(line)
        IO.puts(measure({whom, what}, table, String.to_integer(ms) * 1_000_000))
        answer(table)
    end
  end

  defp measure({"registry", "lookup"}, _, least) do
    ids = scattered(ids("server", @entries))
    per(@entries, least, fn -> Enum.each(ids, fn id -> [_] = Registry.lookup(Names, id) end) end)
  end

  defp measure({"ets", "lookup"}, table, least) do
    ids = scattered(ids("server", @entries))
    per(@entries, least, fn -> Enum.each(ids, fn id -> [_] = :ets.lookup(table, id) end) end)
  end

  defp measure({"registry", "churn"}, _, least) do
    ids = ids("other", 1_000)

    per(2_000, least, fn ->
      Enum.each(ids, fn id ->
        {:ok, _} = Registry.register(Names, id, :endpoint)
        :ok = Registry.unregister(Names, id)
      end)
    end)
  end

  defp measure({"ets", "churn"}, table, least) do
    ids = ids("other", 1_000)

    per(2_000, least, fn ->
      Enum.each(ids, fn id ->
        true = :ets.insert_new(table, {id, self(), :endpoint})
        true = :ets.delete(table, id)
      end)
    end)
  end

  defp measure({"registry", "broadcast"}, _, least) do
    per(@recipients, least, fn ->
      Registry.dispatch(Audience, "s", fn entries -> Enum.each(entries, fn {_pid, deliver} -> deliver.(:message) end) end)
    end)
  end

  # From the end of the process to when nothing is left of it. The partitions hear of it by message, and forget at the same time.
  defp measure({"registry", "down"}, _, least) do
    ids = ids("mortal", @entries)
    before = Registry.count(Names)
    times(least, fn -> down(ids, before) end) / @entries
  end

  defp down(ids, before) do
    main = self()

    mortal =
      spawn(fn ->
        Enum.each(ids, fn id -> {:ok, _} = Registry.register(Names, id, :endpoint) end)
        send(main, :ready)
        Process.sleep(:infinity)
      end)

    receive(do: (:ready -> :ok))
    began = System.monotonic_time(:nanosecond)
    Process.exit(mortal, :kill)
    gone(before)
    System.monotonic_time(:nanosecond) - began
  end

  defp gone(before) do
    if Registry.count(Names) > before do
      :erlang.yield()
      gone(before)
    end
  end

  # Measured in a process of its own, whose heap holds nothing of others'.
  defp per(operations, least, run) do
    Task.async(fn ->
      run.()

      times(least, fn ->
        began = System.monotonic_time(:nanosecond)
        run.()
        System.monotonic_time(:nanosecond) - began
      end) / operations
    end)
    |> Task.await(:infinity)
  end

  # The median of what `time` says, asked for so many nanoseconds, and three times at least.
  defp times(least, time, sum \\ 0, all \\ [])
  defp times(least, _, sum, all) when sum >= least and length(all) >= 3, do: all |> Enum.sort() |> Enum.at(div(length(all), 2))

  defp times(least, time, sum, all) do
    one = time.()
    times(least, time, sum + one, [one | all])
  end

  # 36 characters, as those of ours.
  defp ids(kind, count) do
    for i <- 1..count do
      <<a::binary-8, b::binary-4, c::binary-4, d::binary-4, e::binary>> = Base.encode16(:erlang.md5("#{kind} #{i}"), case: :lower)
      "#{a}-#{b}-#{c}-#{d}-#{e}"
    end
  end

  # As in scenarios.ts: far from each other in memory.
  defp scattered(ids) do
    all = List.to_tuple(ids)
    for i <- 0..(tuple_size(all) - 1), do: elem(all, rem(i * 7_919, tuple_size(all)))
  end
end

Beam.main()
