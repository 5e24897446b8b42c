/**
 * The verdict about the first packet of a flow. {@link io.caracal.policy.ReferenceMatcher} says it slowly and plainly.
 */
package io.caracal.policy;
