package nn

import "sync"

// shards is how many parts a mini-batch is split into. It is a constant, not
// the number of cores, because each part sums its own gradients: the order of
// the additions, and so the model, is then the same on every machine.
const shards = 4

// eachShard calls f for the parts [lo, hi) of n pictures, at the same time.
func eachShard(n int, f func(shard, lo, hi int)) {
	var wg sync.WaitGroup
	for s := range shards {
		lo, hi := n*s/shards, n*(s+1)/shards
		if lo == hi {
			continue
		}
		wg.Go(func() { f(s, lo, hi) })
	}
	wg.Wait()
}
