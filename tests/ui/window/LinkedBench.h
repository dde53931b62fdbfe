// SPDX-License-Identifier: GPL-3.0-or-later
// The sample in the whole window, with scores and searches that were made up, so that every view has something to show at once.
#pragma once

#include "../panels/PlanBench.h"
#include "WindowBench.h"

#include "models/SelectionModel.h"
#include "panels/search/AttentionPanel.h"

#include <QImage>
#include <QLabel>
#include <QTabBar>

#include <cmath>
#include <random>

namespace secateur::ui {

struct LinkedBench : WindowBench {
    static constexpr std::int64_t kSteps = 3; ///< of the search: layers 0, 7 and 2 go

    LinkedBench()
    {
        window->openSample();
        QVERIFY(waitForJobs());
        auto scores = std::make_shared<NeuronScores>();
        std::mt19937 generator(7);
        for (const LayerSpec &layer : bench().session.spec().layers) {
            std::vector<float> &values = scores->layers.emplace_back();
            std::normal_distribution<double> normal(0.1 * double(scores->layers.size()), 0.6);
            for (std::int64_t i = 0; i < layer.neurons(); ++i)
                values.push_back(float(std::exp(normal(generator))));
        }
        scores->provenance.textFiles = {sample().calibrationText().toStdString()};
        scores->provenance.windows = 32;
        scores->provenance.length = 512;
        bench().editor.useCalibration(bench().session.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
        bench().editor.setAttentionsToRemove(kSteps);
        SearchRecord search = PlanBench::record(bench().session.layerCount(), kSteps);
        search.settings = bench().session.draft().search;
        bench().session.setSearch(searchKey(bench().session.draft(), bench().session.neuronsKept()), search);
        bench().session.setSearch({}, PlanBench::record(bench().session.layerCount(), 1, 4.0));
    }

    void go(MainWindow::Tab tab, AttentionPanel::View view = AttentionPanel::View::Search) const
    {
        window->show(tab);
        if (tab == MainWindow::Tab::Attention)
            window->findChild<AttentionPanel *>()->setView(view);
        settle(); // pages are filled when they are shown
    }

    /// The first of its class that can be seen.
    template <class Widget>
    Widget *seen() const
    {
        for (Widget *candidate : window->findChildren<Widget *>())
            if (candidate->isVisible())
                return candidate;
        return nullptr;
    }

    /// What the inspector is about: "Layer 7".
    QString inspected() const
    {
        for (const QLabel *label : named<QWidget>(QStringLiteral("Inspector"))->findChildren<QLabel *>())
            if (label->isVisible() && label->text().contains(QLatin1String("ayer")))
                return label->text();
        return {};
    }

    static void leave(QWidget *widget)
    {
        QEvent event(QEvent::Leave);
        QApplication::sendEvent(widget, &event);
    }

    static QImage picture(QWidget *widget)
    {
        QCoreApplication::processEvents();
        return widget->grab().toImage();
    }
};

} // namespace secateur::ui
