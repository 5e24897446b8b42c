/**
 * What a node's policy is: tiers, policies, profiles, rules, IP sets and endpoints, as immutable values that are
 * checked when they are made. Nothing here knows how the objects came, nor how packets are classified.
 */
package io.caracal.policy.model;
