/** What REST cannot do is asked in GraphQL. https://docs.github.com/graphql/reference */

/** Whose lines they are: REST has no blame. */
export const BLAME = `query($owner: String!, $name: String!, $oid: GitObjectID!, $path: String!) {
  repository(owner: $owner, name: $name) {
    object(oid: $oid) {
      ... on Commit { blame(path: $path) { ranges { startingLine endingLine commit { author { user { login } } } } } }
    }
  }
}`;

/** REST makes drafts and has no way to change what is one. */
export const TO_DRAFT = `mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }`;
export const TO_READY = `mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }`;
