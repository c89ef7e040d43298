/**
 * The extended key usage of policy signers. It stands in the arc RFC 5612 keeps for documentation and is looked at
 * only under the domain's own CA, so that a TLS certificate of that CA cannot sign policies.
 */
export const policySignerUsage = '1.3.6.1.4.1.32473.1.77'
