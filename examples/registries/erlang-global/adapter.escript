#!/usr/bin/env escript
%% Erlang's `global`, judged as it is, on one node: https://www.erlang.org/doc/man/global.html
%%
%%     npx sharded-registry verify --command "escript examples/registries/erlang-global/adapter.escript"
%%     npx sharded-registry verify --command "escript examples/registries/erlang-global/adapter.escript several-names"
%%
%% As it is, a process can have one name; most of what the kit does gives several to one, and so cannot tell much of it. The second line
%% judges it with the option of the kernel that allows several, `global_multi_name_action`.
%%
%% It is used as that page teaches: anybody registers a process under a name, which is any term; here {Registry, Namespace, Id}. What it
%% has no idea of is not offered: configurations, one name bound to another, statistics, admission, closing. What differs from the
%% specification, and why, is told in differences.yaml, and of the first line in
%% differences-one-name.yaml.

-mode(compile).

main(Arguments) ->
    Name = case Arguments of
        [] -> <<"Erlang's global">>;
        ["several-names"] ->
            application:set_env(kernel, global_multi_name_action, allow),
            <<"Erlang's global, several names allowed">>
    end,
    %% Of every second name that it refuses it writes a line to the log.
    ok = logger:add_primary_filter(several, {fun(#{msg := {"global: ~w registered" ++ _, _}}, _) -> stop; (_, _) -> ignore end, none}),
    {ok, Module, Binary} = compile:file(filename:join([filename:dirname(escript:script_name()), "..", "beam", "adapter_protocol"]), [binary]),
    {module, _} = code:load_binary(Module, atom_to_list(Module), Binary),
    adapter_protocol:serve(#{
        introduction => #{name => Name, version => version(), without => [configs]},
        %% A new name each time: what is left of the one before is none of its own.
        open => fun(_, _) -> make_ref() end,
        %% Its processes are gone, and with them their names.
        dispose => fun(_) -> ok end,
        named => fun(Registry) -> [Pid || {_, Pid, _} <- list(Registry, server) ++ list(Registry, transport)] end,
        operations => #{
            <<"registerServer">> => fun(R, #{<<"id">> := Id, <<"endpoint">> := Pid}) -> register_name({R, server, Id}, Pid) end,
            <<"unregisterServer">> => fun(R, #{<<"id">> := Id}) -> unregister_name({R, server, Id}) end,
            <<"findServer">> => fun(R, #{<<"id">> := Id}) -> find({R, server, Id}) end,
            <<"registerTransport">> => fun(R, #{<<"id">> := Id, <<"endpoint">> := Pid}) -> register_name({R, transport, Id}, Pid) end,
            <<"unregisterTransport">> => fun(R, #{<<"id">> := Id}) -> unregister_name({R, transport, Id}) end,
            <<"findTransport">> => fun(R, #{<<"id">> := Id}) -> find({R, transport, Id}) end,
            <<"listServers">> => fun(R, _) -> list(R, server) end,
            <<"listTransports">> => fun(R, _) -> list(R, transport) end,
            <<"routeToServer">> => fun(R, #{<<"serverId">> := To, <<"transportId">> := From, <<"message">> := Message}) -> route({R, server, To}, From, Message) end,
            <<"routeToTransport">> => fun(R, #{<<"transportId">> := To, <<"serverId">> := From, <<"message">> := Message}) -> route({R, transport, To}, From, Message) end
        }
    }).

version() ->
    {ok, Kernel} = application:get_key(kernel, vsn),
    unicode:characters_to_binary(["kernel ", Kernel, ", OTP ", erlang:system_info(otp_release)]).

%% "no is returned if an attempt is made to register an already registered process or to register a process with a name that is already in
%% use": both are that something is registered already.
register_name(Name, Pid) ->
    case global:register_name(Name, Pid) of
        yes -> null;
        no -> adapter_protocol:refuse(already_registered)
    end.

unregister_name(Name) ->
    global:unregister_name(Name),
    null.

find(Name = {_, _, Id}) ->
    case global:whereis_name(Name) of
        undefined -> null;
        Pid -> {Id, Pid, #{}}
    end.

list(Registry, Namespace) ->
    [{Id, Pid, #{}} || Name = {R, N, Id} <- global:registered_names(), R =:= Registry, N =:= Namespace, Pid <- [global:whereis_name(Name)], Pid =/= undefined].

%% "If Name is not a globally registered name, the calling function exits with reason {badarg, {Name, Msg}}."
route(Name = {_, Namespace, To}, From, Message) ->
    try global:send(Name, {delivery, Namespace, To, From, Message}) of
        Pid when is_pid(Pid) -> 1
    catch
        exit:{badarg, {Name, _}} -> 0
    end.
