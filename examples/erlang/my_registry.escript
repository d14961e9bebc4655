#!/usr/bin/env escript
%% A registry in Erlang, and its adapter: a program that speaks the protocol of docs/protocol.md on stdin and stdout.
%%
%%     npx sharded-registry verify --command "escript my_registry.escript"
%%
%% The first part is a registry as anybody might have one: put your own in its place. The second is all that it takes to have it judged,
%% with the third, which reads and writes JSON: OTP has a module for that from 27 on.

-mode(compile).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2, handle_info/2]).


%%% ---------------------------------------------------------------------------------------------------------------- the registry

%% A registered name. The reference of the monitor on its process is new each time, and stands for this incarnation of the name.
%% `server`: what a transport was last bound to, {Id, Incarnation}, which may be gone by now.
-record(entry, {pid, config, incarnation, server = none}).

init([]) -> {ok, #{server => #{}, transport => #{}, is_open => true}}.

%% Answers {ok, Value}, or {refused, Code} with one of the specified codes. What is refused has changed nothing.
handle_call(Request, _From, State) ->
    try handle(Request, State) of
        {Value, Next} -> {reply, {ok, Value}, Next}
    catch
        throw:{refused, Code} -> {reply, {refused, Code}, State}
    end.

handle_cast(_, State) -> {noreply, State}.

handle_info({'DOWN', Incarnation, process, _, _}, State) -> {noreply, down(Incarnation, State)}.

handle({register, Kind, Id, Pid, Config}, State) ->
    check_id(Id),
    refuse_if(not is_pid(Pid) orelse not is_map(Config), invalid_argument),
    ServerId = case {Kind, Config} of
        {transport, #{<<"serverId">> := Given}} -> check_id(Given);
        _ -> none
    end,
    check_open(State),
    refuse_if(not is_process_alive(Pid), endpoint_down),
    refuse_if(entry(Kind, Id, State) =/= none, already_registered),
    Entry = #entry{pid = Pid, config = Config, incarnation = monitor(process, Pid), server = incarnation(ServerId, State)},
    {null, store(Kind, Id, Entry, State)};
handle({unregister, Kind, Id}, State) ->
    check_id(Id),
    check_open(State),
    case entry(Kind, Id, State) of
        none -> {null, State};
        #entry{incarnation = Incarnation} ->
            demonitor(Incarnation, [flush]),
            {null, down(Incarnation, State)}
    end;
handle({update_server, Id, Config}, State) ->
    check_id(Id),
    refuse_if(not is_map(Config), invalid_argument),
    check_open(State),
    Server = entry(server, Id, State),
    refuse_if(Server =:= none, server_not_found),
    {null, store(server, Id, Server#entry{config = Config}, State)};
handle({find, Kind, Id}, State) ->
    check_id(Id),
    case entry(Kind, Id, State) of
        none -> {null, State};
        #entry{pid = Pid, config = Config} -> {{Id, Pid, Config}, State}
    end;
handle({list, Kind}, State) ->
    {[{Id, Pid, Config} || {Id, #entry{pid = Pid, config = Config}} <- maps:to_list(maps:get(Kind, State))], State};
handle({bind, TransportId, ServerId}, State) ->
    check_id(TransportId),
    check_id(ServerId),
    check_open(State),
    Server = incarnation(ServerId, State),
    refuse_if(Server =:= none, server_not_found),
    Transport = entry(transport, TransportId, State),
    refuse_if(Transport =:= none, transport_not_found),
    {null, store(transport, TransportId, Transport#entry{server = Server}, State)};
handle({unbind, TransportId}, State) ->
    check_id(TransportId),
    check_open(State),
    case entry(transport, TransportId, State) of
        none -> {null, State};
        Transport -> {null, store(transport, TransportId, Transport#entry{server = none}, State)}
    end;
handle({server_of, TransportId}, State) ->
    check_id(TransportId),
    case entry(transport, TransportId, State) of
        #entry{server = {ServerId, Incarnation}} ->
            %% The name may be somebody else's by now.
            case entry(server, ServerId, State) of
                #entry{incarnation = Incarnation} -> {ServerId, State};
                _ -> {null, State}
            end;
        _ -> {null, State}
    end;
handle({route, Kind, To, From, Message}, State) ->
    check_id(To),
    check_id(From),
    case entry(Kind, To, State) of
        none -> {0, State};
        #entry{pid = Pid} ->
            Pid ! {delivery, Kind, To, From, Message},
            {1, State}
    end;
handle({broadcast, ServerId, Message}, State) ->
    check_id(ServerId),
    Server = incarnation(ServerId, State),
    Bound = [{Id, Pid} || {Id, #entry{pid = Pid, server = Its}} <- maps:to_list(maps:get(transport, State)), Its =:= Server, Its =/= none],
    [Pid ! {delivery, transport, Id, ServerId, Message} || {Id, Pid} <- Bound],
    {length(Bound), State};
handle(close, State) ->
    [demonitor(Incarnation, [flush]) || #entry{incarnation = Incarnation} <- entries(State)],
    {null, #{server => #{}, transport => #{}, is_open => false}};
%% Everybody who has died by now has been heard of.
handle(settle, State) ->
    Dead = [Incarnation || #entry{pid = Pid, incarnation = Incarnation} <- entries(State), not is_process_alive(Pid)],
    Hear = fun(Incarnation, Before) -> receive {'DOWN', Incarnation, process, _, _} -> down(Incarnation, Before) end end,
    {null, lists:foldl(Hear, State, Dead)}.

entry(Kind, Id, State) -> maps:get(Id, maps:get(Kind, State), none).

entries(#{server := Servers, transport := Transports}) -> maps:values(Servers) ++ maps:values(Transports).

store(Kind, Id, Entry, State) -> State#{Kind := maps:put(Id, Entry, maps:get(Kind, State))}.

incarnation(ServerId, State) ->
    case entry(server, ServerId, State) of
        none -> none;
        #entry{incarnation = Incarnation} -> {ServerId, Incarnation}
    end.

down(Incarnation, State = #{server := Servers, transport := Transports}) ->
    Remains = fun(_, Entry) -> Entry#entry.incarnation =/= Incarnation end,
    State#{server := maps:filter(Remains, Servers), transport := maps:filter(Remains, Transports)}.

check_open(#{is_open := IsOpen}) -> refuse_if(not IsOpen, registry_closed).

%% The length is counted in code points, and not as string:length/1 counts.
check_id(Id) ->
    refuse_if(not is_binary(Id) orelse Id =:= <<>> orelse binary:match(Id, <<0>>) =/= nomatch orelse length(unicode:characters_to_list(Id)) > 255, invalid_argument),
    Id.

refuse_if(true, Code) -> throw({refused, Code});
refuse_if(false, _) -> ok.


%%% ----------------------------------------------------------------------------------------------------------------- the adapter

%% The operations of the specification, in terms of the registry above: docs/protocol.md#methods. The first three are the least; leave
%% out what yours has not, and it is reported untested. What is left out of a request is null: ids that are none are sent on purpose.
operations() ->
    #{
        <<"registerServer">> => fun(P) -> {register, server, given(id, P), endpoint(P), config(P)} end,
        <<"unregisterServer">> => fun(P) -> {unregister, server, given(id, P)} end,
        <<"findServer">> => fun(P) -> {find, server, given(id, P)} end,
        <<"registerTransport">> => fun(P) -> {register, transport, given(id, P), endpoint(P), config(P)} end,
        <<"unregisterTransport">> => fun(P) -> {unregister, transport, given(id, P)} end,
        <<"findTransport">> => fun(P) -> {find, transport, given(id, P)} end,
        <<"updateServer">> => fun(P) -> {update_server, given(id, P), given(config, P)} end,
        <<"listServers">> => fun(_) -> {list, server} end,
        <<"listTransports">> => fun(_) -> {list, transport} end,
        <<"bindTransportToServer">> => fun(P) -> {bind, given(transportId, P), given(serverId, P)} end,
        <<"unbindTransport">> => fun(P) -> {unbind, given(transportId, P)} end,
        <<"getServerForTransport">> => fun(P) -> {server_of, given(transportId, P)} end,
        <<"routeToServer">> => fun(P) -> {route, server, given(serverId, P), given(transportId, P), given(message, P)} end,
        <<"routeToTransport">> => fun(P) -> {route, transport, given(transportId, P), given(serverId, P), given(message, P)} end,
        <<"broadcast">> => fun(P) -> {broadcast, given(serverId, P), given(message, P)} end,
        <<"close">> => fun(_) -> close end
    }.

introduction() ->
    #{protocol => 1, name => <<"a registry in Erlang">>, version => <<"1">>, methods => maps:keys(operations()) ++ [settle], concurrency => 64, limits => #{strings => unicode}}.

given(Name, P) -> maps:get(atom_to_binary(Name), P, null).

config(P) ->
    case given(config, P) of
        null -> #{};
        Config -> Config
    end.

%% What the kit has opened, by its handles: {{registry, R}, Pid}, {{endpoint, R, E}, Pid}, and {Pid, E}.
known(Key) -> ets:lookup_element(?MODULE, Key, 2).

registry(P) -> known({registry, given(registry, P)}).

endpoint(P) ->
    try known({endpoint, given(registry, P), given(endpoint, P)})
    catch error:badarg -> none
    end.

endpoints(R) -> [Pid || [Pid] <- ets:match(?MODULE, {{endpoint, R, '_'}, '$1'})].

%% Stands in for an endpoint of the kit: what it is sent, the kit is told.
stand_in(R, E) ->
    receive
        {delivery, Kind, To, From, Message} ->
            write(#{method => delivered, params => #{registry => R, endpoint => E, namespace => Kind, to => To, from => From, message => Message}}),
            stand_in(R, E);
        {settle, From} ->
            From ! {settled, self()},
            stand_in(R, E);
        kill -> ok
    end.

main(_) ->
    ets:new(?MODULE, [named_table, public]),
    ok = io:setopts([binary, {encoding, latin1}]), % bytes
    serve(0).

%% `UnderWay`: how many operations have been called, and have not been answered when it was looked at last.
serve(UnderWay) ->
    case file:read_line(standard_io) of
        {ok, Line} ->
            #{<<"id">> := Id, <<"method">> := Method, <<"params">> := P} = decode(Line),
            serve(request(Id, Method, P, remaining(UnderWay, 0)));
        eof -> ok
    end.

%% When everybody who was called has answered, and everybody who was told of something has passed it on, nothing is left to do.
request(Id, <<"settle">>, P, UnderWay) ->
    0 = remaining(UnderWay, infinity),
    {ok, null} = gen_server:call(registry(P), settle),
    [begin Pid ! {settle, self()}, receive {settled, Pid} -> ok end end || Pid <- endpoints(given(registry, P)), is_process_alive(Pid)],
    answer(Id, {ok, null}),
    0;
request(Id, Method, P, UnderWay) ->
    case operations() of
        %% Operations overlap, as those of clients would.
        #{Method := Operation} ->
            spawn_monitor(fun() -> answer(Id, gen_server:call(registry(P), Operation(P))) end),
            UnderWay + 1;
        _ ->
            answer(Id, {ok, order(Method, P)}),
            UnderWay
    end.

remaining(0, _) -> 0;
remaining(UnderWay, Patience) ->
    receive {'DOWN', _, process, _, _} -> remaining(UnderWay - 1, Patience)
    after Patience -> UnderWay
    end.

order(<<"initialize">>, _) -> introduction();
order(<<"open">>, P) ->
    {ok, Pid} = gen_server:start(?MODULE, [], []),
    ets:insert(?MODULE, {{registry, given(registry, P)}, Pid}),
    null;
order(<<"endpoint/create">>, P) ->
    {R, E} = {given(registry, P), given(endpoint, P)},
    Pid = spawn(fun() -> stand_in(R, E) end),
    ets:insert(?MODULE, [{{endpoint, R, E}, Pid}, {Pid, E}]),
    null;
order(<<"endpoint/kill">>, P) ->
    Pid = endpoint(P),
    Monitor = monitor(process, Pid),
    Pid ! kill, % when it has told what it was sent
    receive {'DOWN', Monitor, process, _, _} -> null end;
order(<<"dispose">>, P) ->
    R = given(registry, P),
    gen_server:stop(registry(P)),
    [begin Pid ! kill, ets:delete(?MODULE, Pid) end || Pid <- endpoints(R)],
    ets:delete(?MODULE, {registry, R}),
    ets:match_delete(?MODULE, {{endpoint, R, '_'}, '_'}),
    null.

answer(Id, {ok, Value}) -> write(#{id => Id, result => shown(Value)});
answer(Id, {refused, Code}) -> write(#{id => Id, error => #{code => -32000, message => Code, data => #{code => Code}}}).

shown({Id, Pid, Config}) -> #{id => Id, endpoint => known(Pid), config => Config};
shown(List) when is_list(List) -> [shown(One) || One <- List];
shown(Value) -> Value.

write(Message) -> ok = file:write(standard_io, [encode(Message#{jsonrpc => <<"2.0">>}), $\n]).


%%% ------------------------------------------------------------------------------------------------------------------------- JSON

%% Objects are maps with binaries for keys, strings are binaries, null, true and false are atoms; other atoms are written as strings.
decode(Text) ->
    {Value, Rest} = value(Text),
    <<>> = space(Rest),
    Value.

space(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\r; C =:= $\n -> space(Rest);
space(Rest) -> Rest.

value(Text) ->
    case space(Text) of
        <<"null", Rest/binary>> -> {null, Rest};
        <<"true", Rest/binary>> -> {true, Rest};
        <<"false", Rest/binary>> -> {false, Rest};
        <<"\"", Rest/binary>> -> string(Rest, []);
        <<"[", Rest/binary>> -> list(space(Rest), []);
        <<"{", Rest/binary>> -> object(space(Rest), #{});
        Number -> number(Number, 0)
    end.

list(<<"]", Rest/binary>>, Done) -> {lists:reverse(Done), Rest};
list(<<",", Rest/binary>>, Done) -> list(Rest, Done);
list(Text, Done) ->
    {Value, Rest} = value(Text),
    list(space(Rest), [Value | Done]).

object(<<"}", Rest/binary>>, Done) -> {Done, Rest};
object(<<",", Rest/binary>>, Done) -> object(space(Rest), Done);
object(<<"\"", Text/binary>>, Done) ->
    {Key, AfterKey} = string(Text, []),
    <<":", AfterColon/binary>> = space(AfterKey),
    {Value, Rest} = value(AfterColon),
    object(space(Rest), Done#{Key => Value}).

string(<<"\"", Rest/binary>>, Done) -> {list_to_binary(lists:reverse(Done)), Rest};
string(<<"\\", Escape/binary>>, Done) ->
    {Character, Rest} = escape(Escape),
    string(Rest, [<<Character/utf8>> | Done]);
string(<<Byte, Rest/binary>>, Done) -> string(Rest, [Byte | Done]).

escape(<<"u", High:4/binary, "\\u", Low:4/binary, Rest/binary>>) when High >= <<"D800">>, High < <<"DC00">>; High >= <<"d800">>, High < <<"dc00">> ->
    {16#10000 + ((binary_to_integer(High, 16) - 16#D800) bsl 10) + binary_to_integer(Low, 16) - 16#DC00, Rest};
escape(<<"u", Code:4/binary, Rest/binary>>) -> {binary_to_integer(Code, 16), Rest};
escape(<<C, Rest/binary>>) -> {maps:get(C, #{$b => $\b, $f => $\f, $n => $\n, $r => $\r, $t => $\t}, C), Rest}.

number(Text, Length) ->
    case Text of
        <<_:Length/binary, C, _/binary>> when C >= $0, C =< $9; C =:= $-; C =:= $+; C =:= $.; C =:= $e; C =:= $E -> number(Text, Length + 1);
        <<Number:Length/binary, Rest/binary>> -> {number(Number), Rest}
    end.

number(Text) ->
    case {binary:match(Text, <<".">>), binary:split(Text, [<<"e">>, <<"E">>])} of
        {nomatch, [_]} -> binary_to_integer(Text);
        {nomatch, [Whole, Exponent]} -> binary_to_float(<<Whole/binary, ".0e", Exponent/binary>>);
        _ -> binary_to_float(Text)
    end.

encode(Text) when is_binary(Text) -> [$", [escaped(C) || <<C>> <= Text], $"];
encode(Constant) when Constant =:= null; Constant =:= true; Constant =:= false -> atom_to_binary(Constant);
encode(Atom) when is_atom(Atom) -> encode(atom_to_binary(Atom));
encode(Number) when is_integer(Number) -> integer_to_binary(Number);
encode(Number) when is_float(Number) -> float_to_binary(Number, [short]);
encode(List) when is_list(List) -> [$[, lists:join($,, [encode(One) || One <- List]), $]];
encode(Object) when is_map(Object) -> [${, lists:join($,, [[encode(Key), $:, encode(Value)] || {Key, Value} <- maps:to_list(Object)]), $}].

escaped(C) when C =:= $"; C =:= $\\ -> [$\\, C];
escaped(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escaped(C) -> C.
