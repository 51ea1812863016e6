package main

import (
	"math"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"golang.org/x/net/context"
	"google.golang.org/grpc"
)

// How long the slow method takes.
const slowness = 50 * time.Millisecond

var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "GOPLUG_BENCH_ADDER",
	MagicCookieValue: "adder",
}

// Serves, with everything as go-plugin has it by default but for the size of a message, in
// which 16 MiB have to fit.
func serve() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugins,
		Logger:          hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(math.MaxInt32))...)
		},
	})
}

// What every peer's other process does.
type adder struct{}

func (adder) add(q *pair) (*sum, error)     { return &sum{Value: q.A + q.B}, nil }
func (adder) echo(q *blob) (*blob, error)   { return q, nil }
func (adder) take(q *blob) (*number, error) { return &number{Value: uint64(len(q.Bytes))}, nil }

func (adder) slow(*nothing) (*nothing, error) {
	time.Sleep(slowness)
	return &nothing{}, nil
}

// Callbacks are a stream, as they are for whoever does not want a connection of its own for
// them. They cannot be made to travel one by one: the writer gives others a turn itself, to
// have more to write at once.
func (adder) callBack(q *calls, stream grpc.ServerStream) error {
	for value := uint64(0); value < q.Count; value++ {
		if err := stream.SendMsg(&number{Value: value}); err != nil {
			return err
		}
	}
	return nil
}

// The service, as a generator would describe it.
var service = grpc.ServiceDesc{
	ServiceName: "bench.Adder",
	HandlerType: (*interface{})(nil),
	Methods: []grpc.MethodDesc{
		unary("Add", func(a adder, q interface{}) (interface{}, error) { return a.add(q.(*pair)) },
			func() interface{} { return new(pair) }),
		unary("Echo", func(a adder, q interface{}) (interface{}, error) { return a.echo(q.(*blob)) },
			func() interface{} { return new(blob) }),
		unary("Take", func(a adder, q interface{}) (interface{}, error) { return a.take(q.(*blob)) },
			func() interface{} { return new(blob) }),
		unary("Slow", func(a adder, q interface{}) (interface{}, error) { return a.slow(q.(*nothing)) },
			func() interface{} { return new(nothing) }),
	},
	Streams: []grpc.StreamDesc{{
		StreamName:    "CallBack",
		ServerStreams: true,
		Handler: func(server interface{}, stream grpc.ServerStream) error {
			question := new(calls)
			if err := stream.RecvMsg(question); err != nil {
				return err
			}
			return server.(adder).callBack(question, stream)
		},
	}},
}

func unary(
	name string,
	method func(adder, interface{}) (interface{}, error),
	question func() interface{},
) grpc.MethodDesc {
	handler := func(
		server interface{},
		_ context.Context,
		decode func(interface{}) error,
		_ grpc.UnaryServerInterceptor,
	) (interface{}, error) {
		question := question()
		if err := decode(question); err != nil {
			return nil, err
		}
		return method(server.(adder), question)
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}
