%% What the adapters for registries of the BEAM have in common: the protocol of docs/protocol.md on stdin and stdout, and the processes
%% that stand in for the kit's endpoints. It knows nothing of any registry.

-module(adapter_protocol).
-export([serve/1, within/2, refuse/1]).

%% How long anything here is waited for that has to come. Milliseconds.
-define(PATIENCE, 10_000).

%% An adapter: what `initialize` is answered, but for the methods; how a registry is opened and disposed of; which processes it names at
%% the moment; and its operations, which answer a value (a registration is {Id, Pid, Config}), or refuse/1. `open` is given a number that
%% no other registry has while it is open, of which a name can be made: there are few of them, since atoms are never freed.
-type adapter() :: #{
    introduction := map(),
    open := fun((Number :: pos_integer(), Options :: map()) -> registry()),
    dispose := fun((registry()) -> term()),
    named := fun((registry()) -> [pid()]),
    operations := #{Name :: binary() => fun((registry(), Parameters :: map()) -> term())}
}.
-type registry() :: term().

%% Reads requests until stdin ends. In the parameters of operations an endpoint is a pid.
-spec serve(adapter()) -> ok.
serve(Adapter) ->
    %% Nothing but messages on stdout.
    logger:remove_handler(default),
    ok = logger:add_handler(default, logger_std_h, #{level => warning, config => #{type => standard_error}}),
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]), % bytes
    ets:new(?MODULE, [named_table, public]),
    serve(Adapter, 0).

%% Has an endpoint do something by itself, as processes do that register themselves: {ok, Value}, or `down` if it is, or goes meanwhile.
-spec within(pid(), fun(() -> Value)) -> {ok, Value} | down.
within(Pid, Do) ->
    Monitor = monitor(process, Pid),
    Pid ! {do, Do, self(), Monitor},
    receive
        {Monitor, Answer} -> demonitor(Monitor, [flush]), Answer;
        {'DOWN', Monitor, process, _, _} -> down
    after ?PATIENCE -> error(endpoint_is_busy)
    end.

%% Ends an operation with one of the specified codes.
-spec refuse(Code :: atom()) -> no_return().
refuse(Code) -> throw({refused, Code}).


%%% -------------------------------------------------------------------------------------------------------------------- requests

%% `UnderWay`: how many operations have been called, and have not been answered when it was looked at last.
serve(Adapter, UnderWay) ->
    case file:read_line(standard_io) of
        {ok, Line} ->
            #{<<"id">> := Id, <<"method">> := Method, <<"params">> := P} = decode(Line),
            serve(Adapter, request(Id, Method, P, Adapter, remaining(UnderWay, 0)));
        eof -> ok
    end.

%% Nothing is left to do when everybody who was called has answered, the registry has heard of everybody who has died (that it does is for
%% it to see to: it is only waited for), and everybody who was told of something has passed it on.
request(Id, <<"settle">>, #{<<"registry">> := R}, #{named := Named}, UnderWay) ->
    0 = remaining(UnderWay, ?PATIENCE),
    Registry = known({registry, R}),
    eventually(fun() -> lists:all(fun is_process_alive/1, Named(Registry)) end, ?PATIENCE),
    [flush(Pid) || Pid <- endpoints(R)],
    answer(Id, {ok, null}),
    0;
request(Id, Method, P, Adapter = #{operations := Operations}, UnderWay) ->
    case Operations of
        %% Operations overlap, as those of clients would.
        #{Method := Operation} ->
            spawn_monitor(fun() -> answer(Id, outcome(Operation, P)) end),
            UnderWay + 1;
        _ ->
            answer(Id, {ok, order(Method, P, Adapter)}),
            UnderWay
    end.

outcome(Operation, P = #{<<"registry">> := R}) ->
    try {ok, shown(Operation(known({registry, R}), with_pid(P)))}
    catch
        throw:{refused, Code} -> {refused, Code};
        Class:Reason -> {failed, {Class, Reason}}
    end.

with_pid(P = #{<<"registry">> := R, <<"endpoint">> := E}) -> P#{<<"endpoint">> := known({endpoint, R, E})};
with_pid(P) -> P.

remaining(0, _) -> 0;
remaining(UnderWay, Patience) ->
    receive {'DOWN', _, process, _, _} -> remaining(UnderWay - 1, Patience)
    after Patience -> UnderWay
    end.

eventually(Holds, Left) ->
    case Holds() orelse Left =< 0 of
        true -> ok;
        false -> timer:sleep(1), eventually(Holds, Left - 1)
    end.

order(<<"initialize">>, _, #{introduction := Introduction, operations := Operations}) ->
    Introduction#{protocol => 1, methods => maps:keys(Operations) ++ [settle], concurrency => 64, limits => #{strings => unicode}};
order(<<"open">>, #{<<"registry">> := R, <<"options">> := Options}, #{open := Open}) ->
    Number = unused(1),
    ets:insert(?MODULE, [{{registry, R}, Open(Number, Options)}, {{number, Number}, R}]),
    null;
order(<<"endpoint/create">>, #{<<"registry">> := R, <<"endpoint">> := E}, _) ->
    Pid = spawn(fun() -> stand_in(R, E) end),
    ets:insert(?MODULE, [{{endpoint, R, E}, Pid}, {Pid, E}]),
    null;
order(<<"endpoint/kill">>, #{<<"registry">> := R, <<"endpoint">> := E}, _) ->
    Pid = known({endpoint, R, E}),
    flush(Pid), % what it has been handed has been told
    kill(Pid),
    null;
order(<<"dispose">>, #{<<"registry">> := R}, #{dispose := Dispose}) ->
    Pids = endpoints(R),
    [kill(Pid) || Pid <- Pids],
    Dispose(known({registry, R})),
    [ets:delete(?MODULE, Key) || Key <- [{registry, R} | Pids]],
    ets:match_delete(?MODULE, {{endpoint, R, '_'}, '_'}),
    ets:match_delete(?MODULE, {{number, '_'}, R}),
    null.

%% What the kit has opened, by its handles: {{registry, R}, Registry}, {{endpoint, R, E}, Pid}, and {Pid, E}; and {{number, N}, R}.
known(Key) -> ets:lookup_element(?MODULE, Key, 2).

endpoints(R) -> [Pid || [Pid] <- ets:match(?MODULE, {{endpoint, R, '_'}, '$1'})].

unused(Number) ->
    case ets:member(?MODULE, {number, Number}) of
        true -> unused(Number + 1);
        false -> Number
    end.


%%% ------------------------------------------------------------------------------------------------------------------- endpoints

%% Stands in for an endpoint of the kit: what it is sent, the kit is told.
stand_in(R, E) ->
    receive
        {delivery, Namespace, To, From, Message} ->
            write(#{method => delivered, params => #{registry => R, endpoint => E, namespace => Namespace, to => To, from => From, message => Message}});
        {do, Do, From, Tag} ->
            From ! {Tag, {ok, Do()}}
    end,
    stand_in(R, E).

flush(Pid) -> within(Pid, fun() -> ok end).

kill(Pid) ->
    Monitor = monitor(process, Pid),
    exit(Pid, kill),
    receive {'DOWN', Monitor, process, _, _} -> ok
    after ?PATIENCE -> error(endpoint_lives_on)
    end.


%%% --------------------------------------------------------------------------------------------------------------------- answers

answer(Id, {ok, Value}) -> write(#{id => Id, result => Value});
answer(Id, {refused, Code}) -> write(#{id => Id, error => #{code => -32000, message => Code, data => #{code => Code}}});
answer(Id, {failed, Reason}) -> write(#{id => Id, error => #{code => -32603, message => unicode:characters_to_binary(io_lib:format("~0tp", [Reason], [{chars_limit, 500}]))}}).

shown({Id, Pid, Config}) -> #{id => Id, endpoint => known(Pid), config => Config};
shown(nil) -> null; % Elixir's
shown(List) when is_list(List) -> [shown(One) || One <- List];
shown(Value) -> Value.

write(Message) -> ok = file:write(standard_io, [encode(Message#{jsonrpc => <<"2.0">>}), $\n]).


%%% ------------------------------------------------------------------------------------------------------------------------- JSON

%% OTP has a module for this from 27 on. Objects are maps with binaries for keys, strings are binaries, null, true and false are atoms; other
%% atoms are written as strings.
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
