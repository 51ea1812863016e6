package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"golang.org/x/net/context"
	"google.golang.org/grpc"
)

// Where the benchmark says which processor the host has, and which the plugin is to have.
const (
	seat        = "GOPLUG_BENCH_CPU"
	seatOfOther = "GOPLUG_BENCH_OTHER_CPU"
)

const name = "adder"

var plugins = plugin.PluginSet{name: &adderPlugin{}}

// Both ends of the plugin, for go-plugin.
type adderPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (*adderPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&service, adder{})
	return nil
}

func (*adderPlugin) GRPCClient(
	_ context.Context,
	_ *plugin.GRPCBroker,
	connection *grpc.ClientConn,
) (interface{}, error) {
	return &client{connection}, nil
}

// A plugin that has been started, and the client for it.
type running struct {
	*client
	plugin *plugin.Client
}

func launch(o order) (running, error) {
	program, err := os.Executable()
	if err != nil {
		return running{}, err
	}
	command := exec.Command(program, "serve")
	if other := os.Getenv(seatOfOther); other != os.Getenv(seat) {
		command = exec.Command(o.seater, "as-seated", program, "serve")
		command.Env = append(command.Env, seat+"="+other)
	}
	// Nothing that was started stays behind, whatever happens to its host.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugins,
		Cmd:              command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	protocol, err := started.Client()
	if err != nil {
		started.Kill()
		return running{}, err
	}
	dispensed, err := protocol.Dispense(name)
	if err != nil {
		started.Kill()
		return running{}, err
	}
	return running{dispensed.(*client), started}, nil
}

func (r running) process() int { return r.plugin.ReattachConfig().Pid }
func (r running) stop()        { r.plugin.Kill() }

// The client, as a generator would write it.
type client struct{ connection *grpc.ClientConn }

func (c *client) call(method string, question, answer interface{}) error {
	return c.connection.Invoke(context.Background(), "/bench.Adder/"+method, question, answer)
}

func (c *client) add(a, b int64) (int64, error) {
	answer := new(sum)
	err := c.call("Add", &pair{A: a, B: b}, answer)
	return answer.Value, err
}

// Adds, and does not believe everything.
func (c *client) addChecked(a, b int64) error {
	got, err := c.add(a, b)
	if err == nil && got != a+b {
		err = fmt.Errorf("a wrong sum: %d + %d = %d", a, b, got)
	}
	return err
}

func (c *client) echo(bytes []byte) ([]byte, error) {
	answer := new(blob)
	err := c.call("Echo", &blob{Bytes: bytes}, answer)
	return answer.Bytes, err
}

func (c *client) echoAll(bytes []byte) error {
	echo, err := c.echo(bytes)
	if err == nil && len(echo) != len(bytes) {
		err = fmt.Errorf("%d bytes came back of %d", len(echo), len(bytes))
	}
	return err
}

func (c *client) takeAll(bytes []byte) error {
	answer := new(number)
	err := c.call("Take", &blob{Bytes: bytes}, answer)
	if err == nil && answer.Value != uint64(len(bytes)) {
		err = fmt.Errorf("%d bytes arrived of %d", answer.Value, len(bytes))
	}
	return err
}

func (c *client) slow() error { return c.call("Slow", new(nothing), new(nothing)) }

// Has the plugin call back, and waits until all of that has arrived.
func (c *client) callBack(count uint64) error {
	stream, err := c.connection.NewStream(
		context.Background(), &service.Streams[0], "/bench.Adder/CallBack")
	if err != nil {
		return err
	}
	if err := stream.SendMsg(&calls{Count: count}); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for expected := uint64(0); expected < count; expected++ {
		call := new(number)
		if err := stream.RecvMsg(call); err != nil {
			return err
		}
		if call.Value != expected {
			return fmt.Errorf("%d came in place of %d", call.Value, expected)
		}
	}
	if err := stream.RecvMsg(new(number)); err != io.EOF {
		return fmt.Errorf("the callbacks did not end: %v", err)
	}
	return nil
}
