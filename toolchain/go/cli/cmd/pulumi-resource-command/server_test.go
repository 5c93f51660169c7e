package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"strconv"
	"testing"

	"golang.org/x/crypto/ssh"
)

// sshServer is a host whose only user's shell answers for itself: it echoes stdin, and fails for "exit 3".
type sshServer struct {
	port       int
	hostKey    string // authorized_keys form
	privateKey string // the key that it lets in
	ran        chan string
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

func authorized(s ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(s.PublicKey())) }

func startServer(t *testing.T) *sshServer {
	t.Helper()
	host, _ := newKey(t)
	user, private := newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if string(k.Marshal()) != string(user.PublicKey().Marshal()) {
			return nil, io.EOF
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &sshServer{
		port:    listener.Addr().(*net.TCPAddr).Port,
		hostKey: authorized(host), privateKey: private,
		ran: make(chan string, 16),
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, config)
		}
	}()
	return s
}

func (s *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		if c.ChannelType() == "direct-tcpip" {
			go s.forward(channel, requests, c.ExtraData())
			continue
		}
		go s.session(channel, requests)
	}
}

// forward is what a jump host does.
func (s *sshServer) forward(channel ssh.Channel, requests <-chan *ssh.Request, extra []byte) {
	go ssh.DiscardRequests(requests)
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(extra, &to)
	s.ran <- "forward"
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		channel.Close()
		return
	}
	go func() { _, _ = io.Copy(conn, channel); conn.Close() }()
	_, _ = io.Copy(channel, conn)
	channel.Close()
}

func (s *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" { // setenv is refused, as by an sshd without AcceptEnv
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		var exec struct{ Line string }
		_ = ssh.Unmarshal(r.Payload, &exec)
		s.ran <- exec.Line
		stdin, _ := io.ReadAll(channel)
		_, _ = channel.Write(append(stdin, '\n', '\n'))
		_, _ = channel.Stderr().Write([]byte("said on stderr\n"))
		status := uint32(0)
		if exec.Line == "exit 3" {
			status = 3
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		return
	}
}
