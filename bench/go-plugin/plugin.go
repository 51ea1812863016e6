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

// Serves with go-plugin's defaults, except for the size of a message: 16 MiB must fit into one.
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

// The methods that every peer's plugin has.
type adder struct{}

func (adder) add(q *pair) (*sum, error)     { return &sum{Value: q.A + q.B}, nil }
func (adder) echo(q *blob) (*blob, error)   { return q, nil }
func (adder) take(q *blob) (*number, error) { return &number{Value: uint64(len(q.Bytes))}, nil }

func (adder) slow(*nothing) (*nothing, error) {
	time.Sleep(slowness)
	return &nothing{}, nil
}

// Callbacks are a stream, which needs no connection of its own. They cannot be sent one by one:
// gRPC's writer yields to other goroutines before it writes, so that it has more to write at
// once.
func (adder) callBack(q *calls, stream grpc.ServerStream) error {
	for value := uint64(0); value < q.Count; value++ {
		if err := stream.SendMsg(&number{Value: value}); err != nil {
			return err
		}
	}
	return nil
}

// The service, described by hand as a generator would describe it.
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
			request := new(calls)
			if err := stream.RecvMsg(request); err != nil {
				return err
			}
			return server.(adder).callBack(request, stream)
		},
	}},
}

func unary(
	name string,
	method func(adder, interface{}) (interface{}, error),
	newRequest func() interface{},
) grpc.MethodDesc {
	handler := func(
		server interface{},
		_ context.Context,
		decode func(interface{}) error,
		_ grpc.UnaryServerInterceptor,
	) (interface{}, error) {
		request := newRequest()
		if err := decode(request); err != nil {
			return nil, err
		}
		return method(server.(adder), request)
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}
