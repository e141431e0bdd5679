/** How a lease is kept while its work goes on. */
export interface LeaseKeeping {
  readonly leaseMs: number;
  /** Lengthens it; false: somebody else has the work now. */
  readonly renew: () => Promise<boolean>;
  /** Told when it could not be asked for; it is asked for again. */
  readonly onFault: (error: unknown) => void;
  /** Ends the work for another reason. */
  readonly signal?: AbortSignal;
}

/** A lease that is kept until `end`. */
export interface KeptLease {
  /** Ends when the lease was lost, or the work's own signal. */
  readonly signal: AbortSignal;
  isLost(): boolean;
  end(): void;
}

/** Renews a lease three times within its length, so that two renewals may fail; losing it ends its work, which is somebody else's then. */
export const keepLease = ({ leaseMs, renew, onFault, signal }: LeaseKeeping): KeptLease => {
  const lost = new AbortController();
  const ask = async (): Promise<void> => {
    if (!(await renew())) lost.abort(new Error("the lease was lost"));
  };
  const timer = setInterval(() => void ask().catch(onFault), leaseMs / 3);
  return {
    signal: signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]),
    isLost: () => lost.signal.aborted,
    end: () => clearInterval(timer),
  };
};
