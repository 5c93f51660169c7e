// pulumi-resource-command answers for command:remote:Command as @pulumi/command describes it.
//
// It stands in for Pulumi's own plugin of the same name, which is published as a binary but not as a Go module. The
// official one is preferred wherever it can be had; states are interchangeable between the two. Only what this
// project uses is here: no local commands, no copies, no passwords. Those are refused by name.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// version is that of the npm package whose resources this plugin answers for.
const version = "1.2.1"

func main() {
	flag.String("tracing", "", "accepted, not used")
	flag.Parse()
	if err := serve(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}

func serve(engine string) error {
	conn, err := grpc.NewClient(engine,
		grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	if err := rpcutil.Healthcheck(ctx, engine, 5*time.Minute, stop); err != nil {
		return err
	}
	cancel := make(chan bool)
	go func() { <-ctx.Done(); stop(); close(cancel) }()
	dialing, giveUp := context.WithCancel(ctx)
	p := &provider{engine: pulumirpc.NewEngineClient(conn), dialing: dialing, giveUp: giveUp}
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init:   func(s *grpc.Server) error { pulumirpc.RegisterResourceProviderServer(s, p); return nil },
	})
	if err != nil {
		return err
	}
	fmt.Println(server.Port) // the engine reads the port from the first line of stdout
	return <-server.Done
}
