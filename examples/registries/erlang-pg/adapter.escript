#!/usr/bin/env escript
%% Erlang's `pg`, judged as it is, on one node: https://www.erlang.org/doc/man/pg.html
%%
%%     npx sharded-registry verify --command "escript examples/registries/erlang-pg/adapter.escript"
%%
%% It is used as that page teaches: processes join and leave named groups, and whoever has a message for a group sends it to its members.
%% Servers and transports are the groups {server, Id} and {transport, Id}; each registry is a scope of its own. What it has no idea of is
%% not offered: configurations, statistics, admission, closing, and one name bound to another: the members of a group are processes, and
%% by which of its names one is meant it cannot say. What differs from the specification, and why, is told in differences.yaml.

-mode(compile).

main(_) ->
    {ok, Module, Binary} = compile:file(filename:join([filename:dirname(escript:script_name()), "..", "beam", "adapter_protocol"]), [binary]),
    {module, _} = code:load_binary(Module, atom_to_list(Module), Binary),
    adapter_protocol:serve(#{
        introduction => #{name => <<"Erlang's pg">>, version => version(), consistency => #{level => eventual, stalenessMs => 50}, without => [configs]},
        open => fun open/2,
        dispose => fun gen_server:stop/1,
        named => fun(Scope) -> [Pid || {_, Pid, _} <- list(Scope, server) ++ list(Scope, transport)] end,
        operations => #{
            <<"registerServer">> => fun(Scope, #{<<"id">> := Id, <<"endpoint">> := Pid}) -> join(Scope, {server, Id}, Pid) end,
            <<"unregisterServer">> => fun(Scope, #{<<"id">> := Id}) -> leave(Scope, {server, Id}) end,
            <<"findServer">> => fun(Scope, #{<<"id">> := Id}) -> find(Scope, {server, Id}) end,
            <<"registerTransport">> => fun(Scope, #{<<"id">> := Id, <<"endpoint">> := Pid}) -> join(Scope, {transport, Id}, Pid) end,
            <<"unregisterTransport">> => fun(Scope, #{<<"id">> := Id}) -> leave(Scope, {transport, Id}) end,
            <<"findTransport">> => fun(Scope, #{<<"id">> := Id}) -> find(Scope, {transport, Id}) end,
            <<"listServers">> => fun(Scope, _) -> list(Scope, server) end,
            <<"listTransports">> => fun(Scope, _) -> list(Scope, transport) end,
            <<"routeToServer">> => fun(Scope, #{<<"serverId">> := To, <<"transportId">> := From, <<"message">> := Message}) -> route(Scope, {server, To}, From, Message) end,
            <<"routeToTransport">> => fun(Scope, #{<<"transportId">> := To, <<"serverId">> := From, <<"message">> := Message}) -> route(Scope, {transport, To}, From, Message) end
        }
    }).

version() ->
    {ok, Kernel} = application:get_key(kernel, vsn),
    unicode:characters_to_binary(["kernel ", Kernel, ", OTP ", erlang:system_info(otp_release)]).

open(Number, _) ->
    Scope = list_to_atom("registry_" ++ integer_to_list(Number)),
    {ok, _} = pg:start_link(Scope),
    Scope.

join(Scope, Group, Pid) ->
    ok = pg:join(Scope, Group, Pid),
    null.

%% Whoever is in it leaves it.
leave(Scope, Group) ->
    pg:leave(Scope, Group, pg:get_members(Scope, Group)),
    null.

%% One of them: "processes are returned in no specific order".
find(Scope, Group = {_, Id}) ->
    case pg:get_members(Scope, Group) of
        [] -> null;
        [Pid | _] -> {Id, Pid, #{}}
    end.

list(Scope, Namespace) ->
    [{Id, Pid, #{}} || Group = {N, Id} <- pg:which_groups(Scope), N =:= Namespace, Pid <- pg:get_members(Scope, Group)].

%% "A message can be sent to one, some, or all group members."
route(Scope, Group = {Namespace, To}, From, Message) ->
    Members = pg:get_members(Scope, Group),
    [Pid ! {delivery, Namespace, To, From, Message} || Pid <- Members],
    length(Members).
