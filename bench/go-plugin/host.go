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

// The environment variables that name the processors of the host and of the plugin.
const (
	hostCPU   = "GOPLUG_BENCH_CPU"
	pluginCPU = "GOPLUG_BENCH_OTHER_CPU"
)

const name = "adder"

var plugins = plugin.PluginSet{name: &adderPlugin{}}

// Both sides of the plugin, as go-plugin wants them.
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

// A plugin that has been started, and its client.
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
	if cpu := os.Getenv(pluginCPU); cpu != os.Getenv(hostCPU) {
		command = exec.Command(o.pinner, "as-pinned", program, "serve")
		command.Env = append(command.Env, hostCPU+"="+cpu)
	}
	// The system kills the plugin when the host ends, however the host ends.
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

// The client, written by hand as a generator would write it.
type client struct{ connection *grpc.ClientConn }

func (c *client) call(method string, request, response interface{}) error {
	return c.connection.Invoke(context.Background(), "/bench.Adder/"+method, request, response)
}

func (c *client) add(a, b int64) (int64, error) {
	response := new(sum)
	err := c.call("Add", &pair{A: a, B: b}, response)
	return response.Value, err
}

// Adds, and checks the sum.
func (c *client) addChecked(a, b int64) error {
	got, err := c.add(a, b)
	if err == nil && got != a+b {
		err = fmt.Errorf("a wrong sum: %d + %d = %d", a, b, got)
	}
	return err
}

func (c *client) echo(bytes []byte) ([]byte, error) {
	response := new(blob)
	err := c.call("Echo", &blob{Bytes: bytes}, response)
	return response.Bytes, err
}

func (c *client) echoAll(bytes []byte) error {
	echo, err := c.echo(bytes)
	if err == nil && len(echo) != len(bytes) {
		err = fmt.Errorf("%d bytes came back of %d", len(echo), len(bytes))
	}
	return err
}

func (c *client) takeAll(bytes []byte) error {
	response := new(number)
	err := c.call("Take", &blob{Bytes: bytes}, response)
	if err == nil && response.Value != uint64(len(bytes)) {
		err = fmt.Errorf("%d bytes arrived of %d", response.Value, len(bytes))
	}
	return err
}

func (c *client) slow() error { return c.call("Slow", new(nothing), new(nothing)) }

// Makes the plugin call back, and waits until all callbacks have arrived.
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
