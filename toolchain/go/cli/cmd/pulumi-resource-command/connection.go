package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// hop is how one host is reached. The npm package gives the same defaults, but only to TypeScript.
type hop struct {
	Host               string
	Port               *float64
	User               *string
	PrivateKey         *string
	PrivateKeyPassword *string
	AgentSocketPath    *string
	DialErrorLimit     *int
	PerDialTimeout     *int
	HostKey            *string
}

// connection is how the command's host is reached, through a jump host where it has a proxy.
type connection struct {
	hop
	Proxy *hop
}

func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

func (c *hop) address() string {
	return net.JoinHostPort(c.Host, strconv.Itoa(int(or(c.Port, 22))))
}

func (c *hop) perDial() time.Duration {
	return time.Duration(or(c.PerDialTimeout, 15)) * time.Second
}

// dialer opens what carries SSH: TCP, or a channel of a jump host.
type dialer func(address string, within time.Duration) (net.Conn, error)

func overTCP(address string, within time.Duration) (net.Conn, error) {
	return net.DialTimeout("tcp", address, within)
}

func (c *connection) dial(ctx context.Context, to reporter) (*ssh.Client, error) {
	if c.Proxy == nil {
		return c.hop.dial(ctx, to, "Dial", overTCP)
	}
	jump, err := c.Proxy.dial(ctx, to, "Dial proxy", overTCP)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	through := func(address string, _ time.Duration) (net.Conn, error) { return jump.Dial("tcp", address) }
	client, err := c.hop.dial(ctx, to, "Dial from proxy", through)
	if err != nil {
		jump.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	go func() { _ = client.Wait(); jump.Close() }()
	return client, nil
}

// dial connects, trying again with growing pauses until dialErrorLimit tries (-1: no limit) have failed.
func (c *hop) dial(ctx context.Context, to reporter, what string, open dialer) (*ssh.Client, error) {
	config, done, err := c.clientConfig()
	if err != nil {
		return nil, err
	}
	defer done()
	limit := or(c.DialErrorLimit, 10)
	for try, pause := 0, 100*time.Millisecond; ; try++ {
		client, err := c.dialOnce(config, open)
		if err == nil {
			return client, nil
		}
		if limit >= 0 && try >= limit {
			return nil, fmt.Errorf("after %d failed attempts: %w", try, err)
		}
		of := "inf"
		if limit >= 0 {
			of = strconv.Itoa(limit)
		}
		to.status(fmt.Sprintf("%s %d/%s failed: retrying", what, try+1, of))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(pause*3/2, 5*time.Second)
	}
}

// dialOnce bounds the handshake too: ssh.Dial's own timeout covers TCP only, and a stopped sshd still accepts TCP.
// It closes the carrier when time is up, for a jump host's channel knows no deadlines.
func (c *hop) dialOnce(config *ssh.ClientConfig, open dialer) (*ssh.Client, error) {
	conn, err := open(c.address(), c.perDial())
	if err != nil {
		return nil, err
	}
	var late atomic.Bool
	timer := time.AfterFunc(c.perDial(), func() { late.Store(true); conn.Close() })
	sc, channels, requests, err := ssh.NewClientConn(conn, c.address(), config)
	if !timer.Stop() || err != nil {
		conn.Close()
		if late.Load() {
			return nil, fmt.Errorf("ssh: handshake failed: i/o timeout after %s", c.perDial())
		}
		return nil, err
	}
	return ssh.NewClient(sc, channels, requests), nil
}

func (c *hop) clientConfig() (_ *ssh.ClientConfig, done func(), _ error) {
	config := &ssh.ClientConfig{User: or(c.User, "root"), HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if c.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*c.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		config.HostKeyCallback, config.HostKeyAlgorithms = ssh.FixedHostKey(key), []string{key.Type()}
		if key.Type() == ssh.KeyAlgoRSA { // the key's type is not an algorithm that today's sshd signs with
			config.HostKeyAlgorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
	}
	if c.PrivateKey != nil {
		signer, err := c.signer()
		if err != nil {
			return nil, nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	socket := or(c.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK"))
	if socket == "" {
		return config, func() {}, nil
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("could not reach the SSH agent: %w", err)
	}
	config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	return config, func() { conn.Close() }, nil
}

func (c *hop) signer() (ssh.Signer, error) {
	if c.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*c.PrivateKey), []byte(*c.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*c.PrivateKey))
}
