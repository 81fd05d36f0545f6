package results

import (
	"context"
	"time"
)

// Lock is held by one owner among all processes, as long as it keeps saying so.
type Lock struct {
	l     *Ledger
	key   string
	owner string
	life  time.Duration
}

// Lock gives a lock that outlives its owner's last Hold by life.
func (l *Ledger) Lock(name, owner string, life time.Duration) *Lock {
	return &Lock{l: l, key: prefix + "lock:" + name, owner: owner, life: life}
}

// Hold takes the lock where it is free, keeps it where it is the owner's, and says which of both it now is.
func (k *Lock) Hold(ctx context.Context) (bool, error) {
	claim := k.l.scripts.claim
	holder, err := claim.Run(ctx, k.l.rdb, []string{k.key}, k.owner, k.owner, millis(k.life), 1).Text()
	if err == nil && holder == "" {
		holder, err = claim.Run(ctx, k.l.rdb, []string{k.key}, "", k.owner, millis(k.life), 1).Text()
	}
	return holder == k.owner, redisError("take the lock of "+k.key, err)
}

// Release gives the lock up, where it is the owner's.
func (k *Lock) Release(ctx context.Context) error {
	err := k.l.scripts.claim.Run(ctx, k.l.rdb, []string{k.key}, k.owner, "", 1).Err()
	return redisError("release the lock of "+k.key, err)
}
