package registry

import (
	"context"
	"time"

	"github.com/storelink/storelink/internal/redisconn"
)

// Lock is held by one owner among all processes, as long as it keeps saying so.
type Lock struct {
	r     *Registry
	key   string
	owner string
	life  time.Duration
}

// Lock gives a lock that outlives its owner's last Hold by life.
func (r *Registry) Lock(name, owner string, life time.Duration) *Lock {
	return &Lock{r: r, key: Prefix + "lock:" + name, owner: owner, life: life}
}

// Hold takes the lock where it is free, keeps it where it is the owner's, and says which of both it now is.
func (k *Lock) Hold(ctx context.Context) (bool, error) {
	holder, err := k.r.Claim(ctx, k.key, k.owner, k.owner, k.life, true)
	if err == nil && holder == "" {
		holder, err = k.r.Claim(ctx, k.key, "", k.owner, k.life, true)
	}
	return holder == k.owner, redisconn.CommandError("take the lock of "+k.key, err)
}

// Release gives the lock up, where it is the owner's.
func (k *Lock) Release(ctx context.Context) error {
	_, err := k.r.Claim(ctx, k.key, k.owner, "", 0, false)
	return redisconn.CommandError("release the lock of "+k.key, err)
}

// claim points a key at somebody, for life, where it points at expected now; next is "" to free it. It gives whom the key
// points at then. owned says that its owner claims it again and again: one that would last far too long is nobody's.
func (r *Registry) Claim(ctx context.Context, key, expected, next string, life time.Duration, owned bool) (string, error) {
	args := []any{expected, next, max(1, life.Milliseconds())}
	if owned {
		args = append(args, 1)
	}
	return r.scripts.claim.Run(ctx, r.rdb, []string{key}, args...).Text()
}
