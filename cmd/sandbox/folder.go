package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// The files of a sandbox's folder. The private keys, WeChat Pay's own among them, are what it lives on from one start
// to the next; the others follow from them.
const (
	configName        = "storelink.yaml"
	partnerKeyName    = "partner_key.pem"
	brandKeyName      = "brand_key.pem"
	wechatpayKeyName  = "wechatpay_key.pem"
	nextKeyName       = "wechatpay_next_key.pem"
	firstPublicName   = "wechatpay_pub.pem"
	secondPublicName  = "wechatpay_next_pub.pem"
	certificateName   = "wechatpay_cert.pem"
	configFirstLine   = "# Written by sandbox each time that it starts: changes are lost.\n"
	configSecondLines = "# Use it as it is, say: worker --config storelink.yaml --redis redis://127.0.0.1:6379/0\n"
)

// folder is where a sandbox keeps its keys and writes the configuration.
type folder struct {
	path string
	keys sandbox.Keys
}

// openFolder makes the folder if need be, and reads the keys that it has; with fresh, it makes new ones. Keys that are
// missing are made and written.
func openFolder(path string, fresh bool) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, job.Errorf(job.CodeIO, "--dir cannot be made: %w", err)
	}
	f := &folder{path: path}
	if err := f.checkConfig(); err != nil {
		return nil, err
	}
	named := []struct {
		name string
		key  **rsa.PrivateKey
	}{
		{partnerKeyName, &f.keys.Partner}, {brandKeyName, &f.keys.Brand}, {wechatpayKeyName, &f.keys.Wechatpay},
		{nextKeyName, &f.keys.WechatpayNext},
	}
	if !fresh {
		for _, n := range named {
			var err error
			if *n.key, err = readKey(filepath.Join(path, n.name)); err != nil {
				return nil, err
			}
		}
	}
	had := f.keys
	if err := f.keys.Complete(); err != nil {
		return nil, err
	}
	for _, n := range named {
		if *n.key == had.Partner || *n.key == had.Brand || *n.key == had.Wechatpay || *n.key == had.WechatpayNext {
			continue
		}
		text, err := sandbox.PrivateKeyPEM(*n.key)
		if err != nil {
			return nil, err
		}
		if err := f.put(n.name, text, 0o600); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// checkConfig refuses to write over a configuration that is somebody's own.
func (f *folder) checkConfig() error {
	name := filepath.Join(f.path, configName)
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return job.Errorf(job.CodeIO, "the configuration that is in --dir cannot be read: %w", err)
	case !bytes.HasPrefix(text, []byte(configFirstLine)):
		return job.Errorf(job.CodeUsage,
			"%s was not written by sandbox, and would be lost: move it away, or name another --dir", name)
	}
	return nil
}

// readKey reads a private key; a file that is not there gives nil.
func readKey(name string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, job.Errorf(job.CodeIO, "a key that is in --dir cannot be read: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, job.Errorf(job.CodeUsage, "%s is no PEM file: --fresh makes new keys", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, isRSA := parsed.(*rsa.PrivateKey)
	if err != nil || !isRSA {
		return nil, job.Errorf(job.CodeUsage, "%s holds no RSA private key: --fresh makes new ones", name)
	}
	return key, nil
}

// write writes what a client needs: WeChat Pay's public keys and certificate, and the configuration, last.
func (f *folder) write(s *sandbox.Sandbox, url string, rate int) error {
	first, second := s.PublicKeys()
	certificate := s.PlatformCertificate()
	for name, text := range map[string][]byte{firstPublicName: first.PEM, secondPublicName: second.PEM,
		certificateName: certificate.PEM} {
		if err := f.put(name, text, 0o644); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	text.WriteString(configFirstLine + configSecondLines + "accounts:\n")
	for _, a := range s.Accounts() {
		identity, keyName := "mchid", partnerKeyName
		if a.Mode == job.Brand {
			identity, keyName = "brand_id", brandKeyName
		}
		fmt.Fprintf(&text, "  - name: %s\n    mode: %s\n    %s: %q\n    serial_no: %q\n    private_key: %s\n",
			a.Name, a.Mode, identity, a.Identity, a.SerialNo, keyName)
		fmt.Fprintf(&text, "    wechatpay_keys: # the first is in use; --answer-key brings in the others\n")
		fmt.Fprintf(&text, "      - {id: %q, key: %s}\n", first.ID, firstPublicName)
		fmt.Fprintf(&text, "      - {id: %q, key: %s}\n", second.ID, secondPublicName)
		fmt.Fprintf(&text, "      - {serial_no: %q, key: %s}\n", certificate.ID, certificateName)
		fmt.Fprintf(&text, "    rate: %d\n    base_url: %s\n", rate, url)
	}
	return f.put(configName, text.Bytes(), 0o600)
}

// put writes a file whole or not at all.
func (f *folder) put(name string, text []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(f.path, name+".*")
	if err != nil {
		return job.Errorf(job.CodeIO, "--dir cannot be written to: %w", err)
	}
	_, err = temporary.Write(text)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(f.path, name))
	}
	if err != nil {
		return job.Errorf(job.CodeIO, "--dir cannot be written to: %w", errors.Join(err, os.Remove(temporary.Name())))
	}
	return nil
}
