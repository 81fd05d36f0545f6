package manifest

// SpillingAt makes a table be written out each time that many bytes have come together.
func SpillingAt(o Options, bytes int) Options {
	o.spillAt = bytes
	return o
}
