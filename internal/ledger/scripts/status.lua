-- Reads a job's fields and its failures at one moment. It is a script, since Redis refuses a transaction, even one that
-- only reads, when it is out of memory; and it stands alone, since it is sent whole each time, many in one go.
--
-- KEYS[1]  the job's hash, [2] its failed stores by code
-- ARGV     the fields
--
-- Returns {values, codes}: codes as pairs of a code and its stores.
return {redis.call('HMGET', KEYS[1], unpack(ARGV)), redis.call('HGETALL', KEYS[2])}
