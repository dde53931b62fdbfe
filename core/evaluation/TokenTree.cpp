// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/TokenTree.h"

namespace secateur {
namespace {

class TreeMaker {
public:
    explicit TreeMaker(std::span<const TokenRequest> requests) : m_requests(requests), m_rows(requests.size()) {}

    TokenTree make()
    {
        std::vector<std::size_t> all;
        for (std::size_t r = 0; r < m_requests.size(); ++r)
            all.push_back(r);
        grow(all, 0);
        for (std::size_t r = 0; r < m_requests.size(); ++r) {
            const std::vector<TokenId> &ids = m_requests[r].input;
            for (std::size_t i = ids.size() - std::size_t(m_requests[r].scored); i < ids.size(); ++i)
                m_tree.targets.push_back({.row = m_rows[r][i - 1], .token = ids[i], .request = std::int64_t(r)});
        }
        m_tree.requests = std::int64_t(m_requests.size());
        return std::move(m_tree);
    }

private:
    /// Those of the requests whose input goes on at that position, by the token there.
    std::vector<std::vector<std::size_t>> branchesOf(const std::vector<std::size_t> &requests, std::size_t position) const
    {
        std::vector<std::vector<std::size_t>> branches;
        for (const std::size_t r : requests) {
            const std::vector<TokenId> &ids = m_requests[r].input;
            if (position + 1 >= ids.size())
                continue; // the last token is no input
            auto branch = branches.begin();
            while (branch != branches.end() && m_requests[branch->front()].input[position] != ids[position])
                ++branch;
            if (branch == branches.end())
                branches.push_back({r});
            else
                branch->push_back(r);
        }
        return branches;
    }

    /// Rows of requests that are alike before that position.
    void grow(std::vector<std::size_t> requests, std::size_t position)
    {
        const std::int64_t first = m_tree.rows();
        const std::size_t begin = position;
        std::vector<std::vector<std::size_t>> branches = branchesOf(requests, position);
        for (; branches.size() == 1; branches = branchesOf(requests, ++position)) {
            requests = branches.front();
            for (const std::size_t r : requests)
                m_rows[r].push_back(m_tree.rows());
            m_tree.tokens.push_back(m_requests[requests.front()].input[position]);
        }
        if (position > begin)
            m_tree.runs.push_back({.first = first, .count = m_tree.rows() - first, .position = std::int64_t(begin)});
        for (const std::vector<std::size_t> &branch : branches)
            grow(branch, position);
    }

    std::span<const TokenRequest> m_requests;
    std::vector<std::vector<std::int64_t>> m_rows; ///< of each request, by position
    TokenTree m_tree;
};

} // namespace

TokenTree treeOf(std::span<const TokenRequest> requests)
{
    return TreeMaker(requests).make();
}

} // namespace secateur
