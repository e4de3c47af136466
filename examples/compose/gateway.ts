import { compose, demo, entry, fallback, type Middleware, plan, registry, retry, send } from "headgate";

const providers = registry({}, [demo()]);

/** A middleware of your own: what it gives, later ones may need; the compiler checks the order. */
function greet(greeting: string): Middleware<unknown, { readonly greeting: string }> {
  return async (call, next) => {
    const answer = await next({ ...call, greeting });
    answer.headers.set("x-greeting", greeting);
    return answer;
  };
}

export default entry(
  compose(greet("hello")).use(plan({ providers })).use(fallback()).use(retry()).to(send()),
  { providers },
);
