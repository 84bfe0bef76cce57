// An API server of Kubernetes with its etcd in one process, to try manifests on: no node, no
// controller, nothing outside 127.0.0.1. Arguments: a folder of its own, the ports of both.
package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	folder, port, storagePort := os.Args[1], os.Args[2], os.Args[3]
	storage := fmt.Sprintf("http://127.0.0.1:%s", storagePort)
	if err := keep(filepath.Join(folder, "etcd"), storage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := app.NewAPIServerCommand()
	key := filepath.Join(folder, "key.pem")
	server.SetArgs([]string{
		"--etcd-servers=" + storage,
		"--bind-address=127.0.0.1",
		"--secure-port=" + port,
		"--cert-dir=" + folder,
		"--service-account-issuer=https://127.0.0.1",
		"--service-account-key-file=" + key,
		"--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.96.0.0/16",
		"--token-auth-file=" + filepath.Join(folder, "tokens.csv"),
		// Whose accounts a controller would make.
		"--disable-admission-plugins=ServiceAccount",
	})
	os.Exit(cli.Run(server))
}

// keep starts etcd and returns once it answers.
func keep(folder, address string) error {
	where, err := url.Parse(address)
	if err != nil {
		return err
	}
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	config.ListenClientUrls = []url.URL{*where}
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = []url.URL{}
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	<-etcd.Server.ReadyNotify()
	return nil
}
