// Package wxapi makes the calls to WeChat Pay: it signs them, checks the signature of every answer, and says what each
// answer, or its absence, means. It knows associate-stores and disassociate-stores for stocks and stock bundles and
// associated-stores for stocks, as a partner and as a brand.
//
// It must never take a store's outcome from an answer that is not proven WeChat Pay's, never invent an outcome, never
// put a request on the wire without having asked Call.Ready, and never let key material into an error or a log. It
// decides nothing about retries, pace or jobs: it says what happened, and its caller acts.
//
// The files, in the order in which a call passes them: client.go (one call from end to end), path.go (what is asked),
// sign.go (who asks), exchange.go and send.go (which host, how often), host.go and pool.go (connections), verify.go (is
// the answer WeChat Pay's), answer.go and decode.go (a 200), fault.go (anything else), classify.go (what it means: the
// one table), cause.go (why a signature was refused). wire.go and call.go hold the types; keys.go and pem.go read keys.
package wxapi
